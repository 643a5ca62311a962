package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Console;
import picocli.CommandLine.Parameters;

/** What all commands share that are about one session. */
abstract class SessionCommand extends ClusterCommand {
  @Parameters(paramLabel = "SESSION", description = "Its name.")
  private String name;

  SessionCommand(Console console) {
    super(console);
  }

  String name() {
    return name;
  }
}
