package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.output.Console;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * Completes arguments for kubectl, which calls it through {@code kubectl_complete-vdi}. It prints
 * one candidate per line, then {@code :4}, which tells kubectl not to complete file names.
 */
@Command(name = "__complete", hidden = true)
public final class CompleteCommand implements Callable<Integer> {
  private static final Set<String> SESSION_COMMANDS =
      Set.of("get", "open", "extend", "suspend", "resume", "share", "unshare", "delete", "doctor");

  private final Console console;

  @Spec private CommandSpec spec;

  @Unmatched private final List<String> arguments = new ArrayList<>();

  public CompleteCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    String prefix = arguments.isEmpty() ? "" : arguments.getLast();
    Set<String> candidates = new TreeSet<>();
    if (!prefix.startsWith("-")
        && arguments.size() > 1
        && SESSION_COMMANDS.contains(arguments.getFirst())) {
      candidates.addAll(sessions());
    } else {
      List<CharSequence> suffixes = new ArrayList<>();
      AutoComplete.complete(
          spec.root(),
          arguments.toArray(String[]::new),
          Math.max(0, arguments.size() - 1),
          prefix.length(),
          prefix.length(),
          suffixes);
      suffixes.forEach(suffix -> candidates.add(prefix + suffix));
    }
    candidates.stream()
        .filter(candidate -> candidate.startsWith(prefix) && !candidate.startsWith("__"))
        .forEach(console.out()::println);
    console.out().println(":4");
    return 0;
  }

  /** No names if the cluster is unreachable: a shell cannot show an error during completion. */
  private List<String> sessions() {
    List<String> options = new ArrayList<>();
    for (int i = 1; i + 1 < arguments.size(); i++) {
      if (Set.of("-n", "--namespace", "--context", "--kubeconfig").contains(arguments.get(i))) {
        options.addAll(List.of(arguments.get(i), arguments.get(i + 1)));
      }
    }
    try {
      CommandLine.ParseResult list =
          spec.root()
              .commandLine()
              .getSubcommands()
              .get("list")
              .parseArgs(options.toArray(String[]::new));
      return ((ListCommand) list.commandSpec().userObject()).names();
    } catch (CliException | CommandLine.ParameterException e) {
      return List.of();
    }
  }
}
