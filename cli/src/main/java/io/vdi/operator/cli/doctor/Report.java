package io.vdi.operator.cli.doctor;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Everything that was asked, in its order. */
public record Report(List<CheckOutcome> rows) {
  public Report {
    rows = List.copyOf(rows);
  }

  /**
   * What was found, the most likely cause first: errors before warnings; the control plane, then
   * what a session itself suffers from, then what is odd elsewhere.
   */
  public List<Finding> findings() {
    return rows.stream()
        .filter(row -> row.answer() instanceof CheckResult.Failed)
        .sorted(
            Comparator.comparing((CheckOutcome row) -> finding(row).cause().isWarning())
                .thenComparing(Report::distance))
        .map(Report::finding)
        .toList();
  }

  /** The first of them. */
  public Optional<Finding> cause() {
    return findings().stream().findFirst();
  }

  /** 0 all is well or there are warnings, 1 warnings where they count, 2 errors. */
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

  private static Finding finding(CheckOutcome row) {
    return ((CheckResult.Failed) row.answer()).finding();
  }
}
