/**
 * A real Kubernetes on one machine, without Docker: for tests, {@code make up} and {@code make
 * demo}. Imports go one way: process, build, cluster, addons, operator, testing, each only those
 * before it; nothing that ships imports them. Start reading at {@link
 * io.vdi.operator.devcluster.cluster.EmbeddedCluster}.
 */
package io.vdi.operator.devcluster;
