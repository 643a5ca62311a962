package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Console;
import picocli.CommandLine.Parameters;

/** A command for one session. */
abstract class SessionCommand extends ClusterCommand {
  @Parameters(index = "0", paramLabel = "SESSION", description = "Name of the session.")
  private String name;

  SessionCommand(Console console) {
    super(console);
  }

  /** The session's name. */
  String name() {
    return name;
  }
}
