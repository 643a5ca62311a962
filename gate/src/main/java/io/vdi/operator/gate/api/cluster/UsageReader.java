package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.Caller;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.UsageHistory;
import io.vdi.operator.gate.api.UsageQuery;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.Optional;

/**
 * Sums intervals of use; docs/specification.md, section 9. Reads them from the API server page by
 * page, so that a history of years needs no memory, and only those that can be in the report.
 */
final class UsageReader {
  private static final int MAX_YEARS = 10;

  private final KubeClient api;
  private final DesktopSettings settings;

  UsageReader(KubeClient api, DesktopSettings settings) {
    this.api = api;
    this.settings = settings;
  }

  /** The use that the caller may see: that of everybody for an admin, else the caller's own. */
  Outcome<UsageHistory> read(Caller caller, UsageQuery query, Instant now) {
    ZoneId zone = settings.usageZone();
    Instant thisMonth = YearMonth.from(now.atZone(zone)).atDay(1).atStartOfDay(zone).toInstant();
    Optional<Instant> from = time(query.from(), thisMonth, zone);
    Optional<Instant> to = time(query.to(), now, zone);
    if (from.isEmpty() || from.get().isBefore(now.minusSeconds(MAX_YEARS * 366L * 86_400))) {
      return badTime("from", "within the last " + MAX_YEARS + " years");
    }
    if (to.isEmpty() || to.get().isBefore(from.get())) {
      return badTime("to", "not before from");
    }
    Instant end = to.get().isAfter(now) ? now : to.get();
    UsageReport report = new UsageReport(query.by(), from.get(), end, zone);
    ApiResult<Integer> read =
        api.forEach(
            ResourceType.USAGE,
            settings.operatorNamespace(),
            selector(caller, from.get(), now),
            usage -> {
              if (caller.isAdmin() || settings.isOwn(caller, usage.spec().user())) {
                report.add(usage.spec());
              }
            });
    return read.failure()
        .<Outcome<UsageHistory>>map(failure -> Failures.unavailable(failure.message()))
        .orElseGet(() -> new Outcome.Done<>(new UsageHistory(from.get(), end, zone, report)));
  }

  private static String selector(Caller caller, Instant from, Instant now) {
    return VdiUsage.selectorSince(from, now)
        + (caller.isAdmin() ? "" : "," + Labels.USER + "=" + Labels.valueOf(caller.email()));
  }

  private static Outcome<UsageHistory> badTime(String field, String rule) {
    return Outcome.refused(
        ProblemType.BAD_REQUEST,
        field
            + " must be a date such as 2026-11-01, or a time such as 2026-11-01T12:00:00Z, "
            + rule,
        field);
  }

  private static Optional<Instant> time(Optional<String> text, Instant otherwise, ZoneId zone) {
    if (text.isEmpty()) {
      return Optional.of(otherwise);
    }
    try {
      return Optional.of(
          text.get().contains("T")
              ? Instant.parse(text.get())
              : LocalDate.parse(text.get()).atStartOfDay(zone).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
