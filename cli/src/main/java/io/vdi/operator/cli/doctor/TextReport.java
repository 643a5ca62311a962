package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Console.Color;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The report for people: one line after each check, and the most likely cause at the end. */
public final class TextReport {
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int DETAIL_WIDTH = 40;
  private static final int LABEL_WIDTH = 10;
  private static final int DEFAULT_WIDTH = 80;

  private final Console console;
  private String heading = "";

  public TextReport(Console console) {
    this.console = console;
  }

  /** In the order of importance, the least important first. */
  private enum State {
    SKIPPED("skipped", Color.FAINT),
    OK("ok     ", Color.GREEN),
    WARNING("warning", Color.YELLOW),
    FAILED("failed ", Color.RED);

    private final String text;
    private final Color color;

    State(String text, Color color) {
      this.text = text;
      this.color = color;
    }

    static State of(CheckOutcome row) {
      return switch (row.answer()) {
        case CheckResult.Skipped _ -> SKIPPED;
        case CheckResult.Passed _ -> OK;
        case CheckResult.Failed(Finding finding) -> finding.cause().isWarning() ? WARNING : FAILED;
      };
    }
  }

  /**
   * Prints one check.
   *
   * @param rows its outcomes: one for the operator, or one for each session
   */
  public void printProgress(List<CheckOutcome> rows) {
    CheckOutcome first = rows.getFirst();
    String current =
        first
            .session()
            .map(session -> rows.size() == 1 ? "Session " + session : rows.size() + " sessions")
            .orElse(first.layer().title());
    if (!current.equals(heading)) {
      println((heading.isEmpty() ? "" : "\n") + console.colored(Color.BOLD, current));
      heading = current;
    }
    CheckOutcome worst = worst(rows);
    State state = State.of(worst);
    println(
        (String.format("  %s %-29s ", console.colored(state.color, state.text), first.title())
                + detail(rows, worst))
            .stripTrailing());
    console.out().flush();
  }

  /** The first of the outcomes with the most important state. */
  private static CheckOutcome worst(List<CheckOutcome> rows) {
    CheckOutcome worst = rows.getFirst();
    for (CheckOutcome row : rows) {
      if (State.of(row).compareTo(State.of(worst)) > 0) {
        worst = row;
      }
    }
    return worst;
  }

  private String detail(List<CheckOutcome> rows, CheckOutcome shown) {
    String text =
        switch (shown.answer()) {
          case CheckResult.Passed(String observed) ->
              rows.size() == 1 ? observed : count(rows, State.OK) + " of " + rows.size();
          case CheckResult.Skipped(String reason, _) -> reason;
          case CheckResult.Failed(Finding finding) -> {
            long others = count(rows, State.of(shown)) - 1;
            yield finding.cause().code()
                + " "
                + (rows.size() == 1 ? "" : finding.object() + ": ")
                + finding.observed()
                + (others == 0 ? "" : " (and " + others + " more)");
          }
        };
    String line = TerminalSanitizer.of(text).replaceAll(" +", " ").strip();
    int room = Math.max(20, console.width() - DEFAULT_WIDTH + DETAIL_WIDTH);
    return console.width() == 0 || line.length() <= room ? line : line.substring(0, room - 1) + "…";
  }

  private static long count(List<CheckOutcome> rows, State state) {
    return rows.stream().filter(row -> State.of(row) == state).count();
  }

  /** Prints the most likely cause, and the other findings. */
  public void printConclusion(Report report) {
    List<Finding> findings = report.findings();
    println("");
    if (findings.isEmpty()) {
      println(
          console.colored(Color.GREEN, "Nothing found")
              + ": "
              + report.rows().size()
              + " checks, "
              + count(report.rows(), State.SKIPPED)
              + " of them skipped.");
      return;
    }
    Finding first = findings.getFirst();
    KnownCause cause = first.cause();
    println(console.colored(Color.BOLD, "Most likely cause"));
    field(cause.code(), cause.symptom());
    field("Object", first.object());
    field("Seen", first.observed());
    field("Cause", cause.cause());
    field("Remedy", cause.remedy());
    // Not wrapped, so that it can be copied.
    println(" ".repeat(LABEL_WIDTH + 2) + console.colored(Color.BOLD, first.command()));
    field("More", cause.link());
    if (findings.size() > 1) {
      println("\n" + console.colored(Color.BOLD, "Also found"));
      findings.stream()
          .skip(1)
          .forEach(finding ->
              field(
                  finding.cause().code(),
                  finding.cause().symptom() + ": " + finding.object() + ", " + finding.observed()));
    }
  }

  private void field(String label, String text) {
    int width = console.width() == 0 ? DEFAULT_WIDTH : console.width();
    String before = String.format("  %-" + LABEL_WIDTH + "s", label);
    for (String line : wrap(TerminalSanitizer.of(text), width - LABEL_WIDTH - 2)) {
      println((before + line).stripTrailing());
      before = " ".repeat(LABEL_WIDTH + 2);
    }
  }

  private void println(String line) {
    console.out().println(line);
  }

  /** Breaks text into lines. A word that is longer than the width has a line of its own. */
  static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : SPACE.split(text.strip(), -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
