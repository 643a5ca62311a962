package io.vdi.operator.gate.api;

import io.vdi.operator.common.usage.UsageReport;
import java.util.List;
import java.util.Optional;

/**
 * Which use is summed, and how.
 *
 * @param by empty: one total
 * @param from a date, whose day counts, or a time; empty: the begin of this month
 * @param to a date or a time, which does not count any more; empty: now
 */
public record UsageQuery(
    List<UsageReport.Dimension> by, Optional<String> from, Optional<String> to) {
  public UsageQuery {
    by = List.copyOf(by);
  }
}
