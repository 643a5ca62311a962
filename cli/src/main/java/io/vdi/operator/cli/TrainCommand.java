package io.vdi.operator.cli;

import io.vdi.operator.cli.output.Console;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Runs most commands while the AOT cache of {@code make cli} is recorded. */
@Command(name = "__train", hidden = true)
public final class TrainCommand implements Callable<Integer> {
  private final Console console;

  public TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    for (String line :
        List.of(
            "list -A",
            "list -o yaml",
            "list -o json",
            "get training",
            "get training -o yaml",
            "templates",
            "extend training --by 1h",
            "suspend training",
            "resume training",
            "doctor",
            "doctor training -o json",
            "doctor training -o junit",
            "list --help")) {
      Main.run(console, line.split(" ", -1));
    }
    return 0;
  }
}
