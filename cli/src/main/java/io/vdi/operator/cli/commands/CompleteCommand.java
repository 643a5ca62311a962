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
 * How kubectl asks what could come next, by {@code kubectl_complete-vdi}: a line each, then a colon
 * and 4, which says that no file is meant.
 */
@Command(name = "__complete", hidden = true)
public final class CompleteCommand implements Callable<Integer> {
  private static final Set<String> OF_SESSIONS =
      Set.of("get", "open", "extend", "suspend", "resume", "delete", "doctor");

  private final Console console;

  @Spec private CommandSpec spec;

  @Unmatched private final List<String> words = new ArrayList<>();

  public CompleteCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    String begun = words.isEmpty() ? "" : words.getLast();
    Set<String> found = new TreeSet<>();
    if (!begun.startsWith("-") && words.size() > 1 && OF_SESSIONS.contains(words.getFirst())) {
      found.addAll(sessions());
    } else {
      List<CharSequence> endings = new ArrayList<>();
      AutoComplete.complete(
          spec.root(),
          words.toArray(String[]::new),
          Math.max(0, words.size() - 1),
          begun.length(),
          begun.length(),
          endings);
      endings.forEach(ending -> found.add(begun + ending));
    }
    found.stream()
        .filter(word -> word.startsWith(begun) && !word.startsWith("__"))
        .forEach(console.out()::println);
    console.out().println(":4");
    return 0;
  }

  /** Nothing where the cluster is not reached: a shell that waits for an error is of no use. */
  private List<String> sessions() {
    List<String> options = new ArrayList<>();
    for (int i = 1; i + 1 < words.size(); i++) {
      if (Set.of("-n", "--namespace", "--context", "--kubeconfig").contains(words.get(i))) {
        options.addAll(List.of(words.get(i), words.get(i + 1)));
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
