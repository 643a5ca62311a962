/** One class per command. Each reads its options, asks the cluster, prints. */
package io.vdi.operator.cli.commands;
