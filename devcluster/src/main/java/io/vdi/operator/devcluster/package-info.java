/**
 * A real Kubernetes on one machine, without Docker or downloads: builds etcd, the control plane and
 * KWOK from Go modules, starts and stops them; for tests, {@code make up} and {@code make demo}.
 * May import common; nothing that ships imports it. Start at {@link
 * io.vdi.operator.devcluster.cluster.EmbeddedCluster}.
 */
package io.vdi.operator.devcluster;
