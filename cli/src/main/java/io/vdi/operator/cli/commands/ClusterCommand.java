package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A command that connects to the cluster. */
@Command(mixinStandardHelpOptions = true)
abstract class ClusterCommand implements Callable<Integer> {
  @Mixin private ClusterOptions options;

  private final Console console;

  ClusterCommand(Console console) {
    this.console = console;
  }

  Console console() {
    return console;
  }

  void print(String line) {
    console.out().println(line);
  }

  ClusterAccess connect() {
    return options.connect(console.environment());
  }

  @Override
  public Integer call() {
    try (ClusterAccess cluster = connect()) {
      return run(cluster);
    }
  }

  /**
   * Runs the command, and returns its exit code.
   *
   * @throws io.vdi.operator.cli.cluster.CliException if it cannot be completed
   */
  abstract int run(ClusterAccess cluster);
}
