package io.vdi.operator.cli.doctor;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The outcomes of all checks, in the order in which they ran. */
public record Report(List<CheckOutcome> rows) {
  public Report {
    rows = List.copyOf(rows);
  }

  /** A finding, and how far it is from the cause of other findings. */
  private record Ranked(Finding finding, int distance) {}

  /**
   * All findings, the most likely cause first: errors before warnings; then the control plane, the
   * session's own problems, and last the problems of infrastructure that other sessions may use.
   */
  public List<Finding> findings() {
    return rows.stream()
        .flatMap(row ->
            row.answer() instanceof CheckResult.Failed(Finding finding)
                ? Stream.of(new Ranked(finding, distance(row)))
                : Stream.empty())
        .sorted(
            Comparator.comparing((Ranked ranked) -> ranked.finding().cause().isWarning())
                .thenComparing(Ranked::distance))
        .map(Ranked::finding)
        .toList();
  }

  /** The most likely cause. */
  public Optional<Finding> cause() {
    return findings().stream().findFirst();
  }

  /**
   * The exit code of {@code kubectl vdi doctor}: 0 no errors, 1 warnings, 2 errors.
   *
   * @param strict whether warnings change the exit code
   */
  public int exitCode(boolean strict) {
    List<Finding> findings = findings();
    return findings.stream().anyMatch(finding -> !finding.cause().isWarning())
        ? 2
        : strict && !findings.isEmpty() ? 1 : 0;
  }

  private static int distance(CheckOutcome row) {
    return switch (row.layer()) {
      case CONTROL_PLANE -> 0;
      case INFRASTRUCTURE, DATA_PLANE -> row.session().isEmpty() ? 2 : 1;
    };
  }
}
