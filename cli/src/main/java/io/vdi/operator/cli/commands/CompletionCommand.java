package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Console;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code kubectl vdi completion}. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {
      "Print the completion script of kubectl-vdi for bash and zsh.",
      "To load it: source <(kubectl-vdi completion)",
      "'kubectl vdi' needs no script: kubectl calls kubectl_complete-vdi, a part of the plugin."
    })
public final class CompletionCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec spec;

  public CompletionCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    console.out().println(AutoComplete.bash("kubectl-vdi", spec.root().commandLine()));
    return 0;
  }
}
