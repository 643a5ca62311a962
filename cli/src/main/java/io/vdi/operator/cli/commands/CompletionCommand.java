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
      "A script for bash and zsh, for kubectl-vdi by its own name: source <(kubectl-vdi completion).",
      "kubectl itself completes 'kubectl vdi' by kubectl_complete-vdi, which comes with the plugin."
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
