/**
 * Deletes objects that sessions share and that no session needs. It can import {@code
 * session.cache} and {@code session.resources}. Start reading at {@link
 * io.vdi.operator.controller.network.SharedObjectCleaner}.
 */
package io.vdi.operator.controller.network;
