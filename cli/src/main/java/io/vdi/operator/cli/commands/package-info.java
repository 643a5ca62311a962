/**
 * One class per command: reads options, calls the cluster, prints. It may import {@code cluster},
 * {@code doctor} and {@code output}. Start reading at {@link
 * io.vdi.operator.cli.commands.ClusterCommand}.
 */
package io.vdi.operator.cli.commands;
