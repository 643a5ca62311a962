package io.vdi.operator.cli.commands;

import io.vdi.operator.common.model.Durations;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Whether to wait for the end of what was begun. */
final class WaitOptions {
  @Option(names = "--wait", description = "Wait until it is done, and tell how it goes on.")
  private boolean wait;

  @Option(
      names = "--wait-timeout",
      paramLabel = "DURATION",
      defaultValue = "2m",
      converter = DurationConverter.class,
      description = "Wait no longer than this (default: ${DEFAULT-VALUE}).")
  private Duration timeout;

  boolean isEnabled() {
    return wait;
  }

  Duration timeout() {
    return timeout;
  }

  /** As in the fields of a session: {@code 90m}, {@code 1h30m}. */
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
