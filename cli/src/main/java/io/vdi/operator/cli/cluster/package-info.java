/**
 * The cluster with the permissions of the current user: requests, port forwarding, kubeconfig. It
 * may import {@code common} and the Kubernetes client, and no other package of the CLI. Start
 * reading at {@link io.vdi.operator.cli.cluster.ClusterAccess}.
 */
package io.vdi.operator.cli.cluster;
