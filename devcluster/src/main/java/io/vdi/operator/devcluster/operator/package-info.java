/**
 * The operator in a cluster: its chart, its services as processes, {@code make up}. May import
 * addons, cluster, build, process and common. Start reading at {@link
 * io.vdi.operator.devcluster.operator.DevEnvironment}.
 */
package io.vdi.operator.devcluster.operator;
