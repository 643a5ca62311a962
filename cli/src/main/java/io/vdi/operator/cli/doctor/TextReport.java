package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Console.Color;
import io.vdi.operator.cli.output.TerminalSanitizer;
import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** For people: a line for each check as it is done, and the conclusion. */
public final class TextReport {
  private static final Pattern WORDS = Pattern.compile("\\s+");
  private static final int DETAIL = 40;
  private static final int LABEL = 10;
  private static final int USUAL = 80;

  private final Console console;
  private String heading = "";

  public TextReport(Console console) {
    this.console = console;
  }

  /** The answers to one check, of the system or of all sessions. */
  public void printProgress(List<CheckOutcome> rows) {
    CheckOutcome first = rows.getFirst();
    String now =
        first.session().isEmpty()
            ? first.layer().title()
            : rows.size() == 1 ? "Session " + first.session() : rows.size() + " sessions";
    if (!now.equals(heading)) {
      console.out().println((heading.isEmpty() ? "" : "\n") + console.colored(Color.BOLD, now));
      heading = now;
    }
    CheckOutcome shown = worst(rows);
    console
        .out()
        .println(
            (String.format("  %s %-29s ", state(shown.answer()), first.title())
                    + detail(rows, shown))
                .stripTrailing());
    console.out().flush();
  }

  /** The first that fails, else that warns, else that is fine, else the first. */
  private static CheckOutcome worst(List<CheckOutcome> rows) {
    CheckOutcome worst = rows.getFirst();
    for (CheckOutcome row : rows) {
      if (rank(row.answer()) > rank(worst.answer())) {
        worst = row;
      }
    }
    return worst;
  }

  private static int rank(CheckResult answer) {
    return switch (answer) {
      case CheckResult.Skipped skipped -> 0;
      case CheckResult.Passed fine -> 1;
      case CheckResult.Failed(Finding finding) -> finding.cause().isWarning() ? 2 : 3;
    };
  }

  private String state(CheckResult answer) {
    return switch (rank(answer)) {
      case 0 -> console.colored(Color.FAINT, "skipped");
      case 1 -> console.colored(Color.GREEN, "ok     ");
      case 2 -> console.colored(Color.YELLOW, "warning");
      default -> console.colored(Color.RED, "failed ");
    };
  }

  private String detail(List<CheckOutcome> rows, CheckOutcome shown) {
    String text =
        switch (shown.answer()) {
          case CheckResult.Passed(String seen) ->
              rows.size() == 1 ? seen : count(rows, 1) + " of " + rows.size();
          case CheckResult.Skipped(String why, _) -> why;
          case CheckResult.Failed(Finding finding) -> {
            int others = count(rows, rank(shown.answer())) - 1;
            yield finding.cause().code()
                + " "
                + (rows.size() == 1 ? "" : finding.object() + ": ")
                + finding.seen()
                + (others == 0 ? "" : " (and " + others + " more)");
          }
        };
    String line = TerminalSanitizer.of(text).replaceAll(" +", " ").strip();
    int room = Math.max(20, console.width() - USUAL + DETAIL);
    return console.width() == 0 || line.length() <= room ? line : line.substring(0, room - 1) + "…";
  }

  private static int count(List<CheckOutcome> rows, int rank) {
    return (int) rows.stream().filter(row -> rank(row.answer()) == rank).count();
  }

  /** The most likely cause, and what else there is. */
  public void printConclusion(Report report) {
    List<Finding> findings = report.findings();
    console.out().println();
    if (findings.isEmpty()) {
      long skipped = report.rows().stream().filter(row -> rank(row.answer()) == 0).count();
      console
          .out()
          .println(
              console.colored(Color.GREEN, "Nothing found")
                  + ": "
                  + report.rows().size()
                  + " checks, "
                  + skipped
                  + " of them skipped.");
      return;
    }
    Finding first = findings.getFirst();
    KnownCause cause = first.cause();
    console.out().println(console.colored(Color.BOLD, "Most likely cause"));
    field(cause.code(), cause.symptom());
    field("Object", first.object());
    field("Seen", first.seen());
    field("Cause", cause.cause());
    field("Remedy", cause.remedy());
    // Never wrapped: it is to be copied.
    console.out().println(" ".repeat(LABEL + 2) + console.colored(Color.BOLD, first.command()));
    field("More", cause.link());
    if (findings.size() > 1) {
      console.out().println("\n" + console.colored(Color.BOLD, "Also found"));
      findings.stream()
          .skip(1)
          .forEach(finding ->
              field(
                  finding.cause().code(),
                  finding.cause().symptom() + ": " + finding.object() + ", " + finding.seen()));
    }
  }

  private void field(String label, String text) {
    int width = console.width() == 0 ? USUAL : console.width();
    String before = String.format("  %-" + LABEL + "s", label);
    for (String line : wrap(TerminalSanitizer.of(text), width - LABEL - 2)) {
      console.out().println((before + line).stripTrailing());
      before = " ".repeat(LABEL + 2);
    }
  }

  /** Lines no longer than the width, unless a single word is. */
  static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : WORDS.split(text.strip(), -1)) {
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
