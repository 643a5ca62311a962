/**
 * A Kubernetes cluster: control plane, simulated nodes and a node that runs containers. May import
 * build, process and common. Start reading at {@link
 * io.vdi.operator.devcluster.cluster.EmbeddedCluster}.
 */
package io.vdi.operator.devcluster.cluster;
