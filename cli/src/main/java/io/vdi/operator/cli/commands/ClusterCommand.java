package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What all commands share that ask a cluster. */
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

  /** The cluster that the options name. */
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
   * Does it, and returns the exit code.
   *
   * @throws io.vdi.operator.cli.cluster.CliException with a sentence for the user
   */
  abstract int run(ClusterAccess cluster);
}
