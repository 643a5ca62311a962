/**
 * {@code kubectl vdi}: the command line, and the list of commands. It may import every package of
 * the CLI, and none of another service. Start reading at {@link io.vdi.operator.cli.Main}.
 */
package io.vdi.operator.cli;
