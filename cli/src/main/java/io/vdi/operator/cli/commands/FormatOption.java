package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import picocli.CommandLine.Option;

/** {@code --output} of the commands that print objects. */
final class FormatOption {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format;

  Format format() {
    return format;
  }

  /** The longest line of a table; 0 for no limit. */
  int width(Console console) {
    return format == Format.WIDE ? 0 : console.width();
  }
}
