/**
 * What the controller knows about the cluster, in memory: the watched objects, and the hashes of
 * desired objects. Imports the model, the client, {@code plan} and {@code resources}. Start at
 * {@link io.vdi.operator.controller.session.cache.ControllerCaches}.
 */
package io.vdi.operator.controller.session.cache;
