/**
 * Hosts of sessions: which a session gets, and which are kept for a former user. Imports the caches
 * and the Kubernetes client. Start at {@link
 * io.vdi.operator.controller.session.host.HostAllocator}.
 */
package io.vdi.operator.controller.session.host;
