package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.output.Format;
import picocli.CommandLine.Option;

/** How what was asked for is printed. */
final class FormatOption {
  @Option(
      names = {"-o", "--output"},
      defaultValue = "table",
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Format format;

  Format format() {
    return format;
  }
}
