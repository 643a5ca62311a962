package io.vdi.operator.cli;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.commands.CompleteCommand;
import io.vdi.operator.cli.commands.CompletionCommand;
import io.vdi.operator.cli.commands.DeleteCommand;
import io.vdi.operator.cli.commands.DoctorCommand;
import io.vdi.operator.cli.commands.ExtendCommand;
import io.vdi.operator.cli.commands.GetCommand;
import io.vdi.operator.cli.commands.ListCommand;
import io.vdi.operator.cli.commands.LoginCommand;
import io.vdi.operator.cli.commands.LogoutCommand;
import io.vdi.operator.cli.commands.OpenCommand;
import io.vdi.operator.cli.commands.QuotaCommand;
import io.vdi.operator.cli.commands.ResumeCommand;
import io.vdi.operator.cli.commands.ShareCommand;
import io.vdi.operator.cli.commands.SuspendCommand;
import io.vdi.operator.cli.commands.TemplatesCommand;
import io.vdi.operator.cli.commands.UnshareCommand;
import io.vdi.operator.cli.commands.UsageCommand;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.TerminalSanitizer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code kubectl vdi}. The exit codes are those of {@link CliException}; {@code doctor} has its
 * own.
 */
@Command(
    name = "kubectl vdi",
    description = "Manages GPU desktops on Kubernetes and diagnoses their problems.",
    versionProvider = Main.Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:success", "1:the command failed", "64:wrong usage", "130:interrupted"})
public final class Main implements Runnable {
  /** In the order of the help. Commands with underscores are for programs and hidden. */
  private static final List<Class<?>> COMMANDS =
      List.of(
          ListCommand.class,
          GetCommand.class,
          OpenCommand.class,
          ExtendCommand.class,
          SuspendCommand.class,
          ResumeCommand.class,
          ShareCommand.class,
          UnshareCommand.class,
          DeleteCommand.class,
          TemplatesCommand.class,
          QuotaCommand.class,
          UsageCommand.class,
          DoctorCommand.class,
          LoginCommand.class,
          LogoutCommand.class,
          CompletionCommand.class,
          CompleteCommand.class,
          TrainCommand.class);

  /** These two list all other commands. */
  private static final Set<Class<?>> NEED_ALL_COMMANDS =
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
   * Reading the annotations of all commands takes longer than most commands run. If the first
   * argument names a command, only that one is added.
   */
  private static CommandLine commandLine(Console console, String first) {
    CommandLine.IFactory factory = new Factory(console);
    CommandLine root = new CommandLine(new Main(), factory);
    List<Class<?>> named =
        COMMANDS.stream()
            .filter(type -> isCalled(type, first) && !NEED_ALL_COMMANDS.contains(type))
            .toList();
    for (Class<?> type : named.isEmpty() ? COMMANDS : named) {
      root.addSubcommand(new CommandLine(type, factory));
    }
    return root.setOut(console.out())
        .setErr(console.err())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(false)
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(
                console.color() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
        .setParameterExceptionHandler((e, arguments) -> {
          console.err().println("error: " + e.getMessage());
          console
              .err()
              .println("See '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
          return CliException.Usage.EXIT_CODE;
        })
        .setExecutionExceptionHandler((e, line, parsed) -> {
          if (e instanceof CliException failure) {
            console
                .err()
                .println("error: " + TerminalSanitizer.of(String.valueOf(failure.getMessage())));
            return failure.exitCode();
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

  /** Creates commands with the console. */
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

  /** The version of the jar. */
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
