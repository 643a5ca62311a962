/**
 * Deletes NetworkPolicies that no session needs any more. It can import {@code session.cache}.
 * Start reading at {@link io.vdi.operator.controller.network.NetworkPolicyCleaner}.
 */
package io.vdi.operator.controller.network;
