/**
 * The life of a service of which one replica works: it waits for the CRDs, fills its caches, is
 * elected, works, ends. Imports the client and the service bootstrap; knows no service. Start at
 * {@link io.vdi.operator.runtime.ServiceRuntime}.
 */
package io.vdi.operator.runtime.leader;
