package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi resume}. */
@Command(name = "resume", description = "Start a suspended desktop; its timeout starts again.")
public final class ResumeCommand extends SessionCommand {
  @Mixin private WaitOptions wait;

  public ResumeCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    return SuspendCommand.setSuspended(false, cluster, name(), wait, console());
  }
}
