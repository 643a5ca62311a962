package io.vdi.operator.cli;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.commands.CompleteCommand;
import io.vdi.operator.cli.commands.CompletionCommand;
import io.vdi.operator.cli.commands.DeleteCommand;
import io.vdi.operator.cli.commands.DoctorCommand;
import io.vdi.operator.cli.commands.ExtendCommand;
import io.vdi.operator.cli.commands.GetCommand;
import io.vdi.operator.cli.commands.ListCommand;
import io.vdi.operator.cli.commands.OpenCommand;
import io.vdi.operator.cli.commands.QuotaCommand;
import io.vdi.operator.cli.commands.ResumeCommand;
import io.vdi.operator.cli.commands.SuspendCommand;
import io.vdi.operator.cli.commands.TemplatesCommand;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code kubectl vdi}. Exit code 0: done; 1: not; 64: not understood; the doctor has its own. */
@Command(
    name = "kubectl vdi",
    description = "GPU desktops on Kubernetes: your sessions, and what is wrong with them.",
    versionProvider = Main.Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
  /** sysexits.h: the command was used wrongly. */
  private static final int USAGE = 64;

  /** In the order of the help; those with underscores are for programs, and hidden. */
  private static final List<Class<?>> COMMANDS =
      List.of(
          ListCommand.class,
          GetCommand.class,
          OpenCommand.class,
          ExtendCommand.class,
          SuspendCommand.class,
          ResumeCommand.class,
          DeleteCommand.class,
          TemplatesCommand.class,
          QuotaCommand.class,
          DoctorCommand.class,
          CompletionCommand.class,
          CompleteCommand.class,
          TrainCommand.class);

  /** What these two tell of is all the others. */
  private static final Set<Class<?>> OF_ALL =
      Set.of(CompletionCommand.class, CompleteCommand.class);

  @Spec private CommandSpec spec;

  public static void main(String[] arguments) {
    Console console = Console.ofProcess();
    int code = run(console, arguments);
    console.out().flush();
    console.err().flush();
    System.exit(code);
  }

  /** Runs one command, and returns its exit code. */
  public static int run(Console console, String... arguments) {
    return commandLine(console, arguments.length == 0 ? "" : arguments[0]).execute(arguments);
  }

  /**
   * To read the annotations of all commands takes longer than most commands do: where one is named,
   * it is the only one.
   */
  private static CommandLine commandLine(Console console, String named) {
    CommandLine.IFactory factory = new Factory(console);
    CommandLine root = new CommandLine(new Main(), factory);
    List<Class<?>> one =
        COMMANDS.stream().filter(type -> isCalled(type, named) && !OF_ALL.contains(type)).toList();
    for (Class<?> type : one.isEmpty() ? COMMANDS : one) {
      root.addSubcommand(new CommandLine(type, factory));
    }
    return root.setOut(console.out())
        .setErr(console.err())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(false)
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(
                console.color() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
        .setParameterExceptionHandler((e, all) -> {
          console.err().println("error: " + e.getMessage());
          console
              .err()
              .println("See '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
          return USAGE;
        })
        .setExecutionExceptionHandler((e, line, parsed) -> {
          if (e instanceof CliException) {
            console.err().println("error: " + TerminalSanitizer.of(String.valueOf(e.getMessage())));
            return 1;
          }
          throw e;
        });
  }

  private static boolean isCalled(Class<?> type, String name) {
    Command command = type.getAnnotation(Command.class);
    return command.name().equals(name) || List.of(command.aliases()).contains(name);
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** Gives each command the console. */
  private record Factory(Console console) implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      try {
        return type.getDeclaredConstructor(Console.class).newInstance(console);
      } catch (NoSuchMethodException e) {
        return CommandLine.defaultFactory().create(type);
      }
    }
  }

  /** Of the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "kubectl-vdi "
            + Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
                .orElse("from source")
      };
    }
  }
}
