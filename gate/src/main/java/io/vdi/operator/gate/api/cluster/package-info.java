/**
 * The desktops of a cluster: reads from watches, and writes in the name of the user. Imports the
 * Kubernetes client. Start at {@link io.vdi.operator.gate.api.cluster.ClusterDesktops}.
 */
package io.vdi.operator.gate.api.cluster;
