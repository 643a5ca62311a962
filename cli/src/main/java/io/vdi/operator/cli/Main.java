package io.vdi.operator.cli;

import io.vdi.operator.cli.cluster.NotSeen;
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
import io.vdi.operator.cli.commands.TrainCommand;
import io.vdi.operator.cli.output.Console;
import java.util.Optional;
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
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
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
      TrainCommand.class
    })
public final class Main implements Runnable {
  /** sysexits.h: the command was used wrongly. */
  private static final int USAGE = 64;

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
    return commandLine(console).execute(arguments);
  }

  /** Every command, printing to this console. */
  public static CommandLine commandLine(Console console) {
    return new CommandLine(new Main(), new Factory(console))
        .setOut(console.out())
        .setErr(console.err())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(false)
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(
                console.colour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
        .setParameterExceptionHandler((e, all) -> {
          console.err().println("error: " + e.getMessage());
          console
              .err()
              .println("See '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
          return USAGE;
        })
        .setExecutionExceptionHandler((e, line, parsed) -> {
          if (e instanceof NotSeen) {
            console.err().println("error: " + e.getMessage());
            return 1;
          }
          throw e;
        });
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
