package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --wait}, for commands whose effect the controller completes. */
final class WaitOptions {
  @Option(names = "--wait", description = "Wait until it is done, and print the progress.")
  private boolean wait;

  @Option(
      names = "--wait-timeout",
      paramLabel = "DURATION",
      defaultValue = "2m",
      converter = DurationConverter.class,
      description = "Longest time for --wait (default: ${DEFAULT-VALUE}).")
  private Duration timeout;

  /**
   * Waits for a session if {@code --wait} is set.
   *
   * @param done a condition on the session, which is empty after its deletion
   * @return false if the timeout passed
   */
  boolean await(
      Predicate<Optional<VdiSession>> done,
      ClusterAccess cluster,
      String session,
      Console console) {
    return !wait || SessionWait.until(done, cluster, session, timeout, console);
  }

  /** Parses durations in the format of a session's fields: {@code 90m}, {@code 1h30m}. */
  static final class DurationConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      return Durations.parse(text)
          .orElseThrow(() ->
              new TypeConversionException(
                  "\"" + text + "\" is not a duration above zero, such as 90m or 1h30m"));
    }
  }
}
