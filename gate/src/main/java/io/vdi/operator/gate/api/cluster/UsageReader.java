package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.common.usage.GpuUse;
import io.vdi.operator.common.usage.UsagePeriod;
import io.vdi.operator.common.usage.UsageReport;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.BudgetsView;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import io.vdi.operator.gate.api.UsageQuery;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/**
 * Sums intervals of use; docs/specification.md, section 9. Reads them from the API server page by
 * page, so that a history of years needs no memory, and only those that can be in the report.
 */
final class UsageReader {
  /** How old the use can be that budgets are compared with. */
  private static final Duration MAX_AGE = Duration.ofMinutes(1);

  private final KubeClient api;
  private final DesktopSettings settings;
  private Optional<Known> known = Optional.empty();

  private record Known(Instant at, GpuUse use) {}

  UsageReader(KubeClient api, DesktopSettings settings) {
    this.api = api;
    this.settings = settings;
  }

  /** The use that the caller may see: that of everybody for an admin, else the caller's own. */
  Outcome<UsageReport> read(ApiUser caller, UsageQuery query, Instant now) {
    ZoneId zone = settings.usageZone();
    Optional<Instant> from = time(query.from(), UsagePeriod.ofThisMonth(now, zone).from(), zone);
    Optional<Instant> to = time(query.to(), now, zone);
    if (from.isEmpty() || from.get().isBefore(UsagePeriod.earliest(now))) {
      return badTime("from", "within the last " + UsagePeriod.MAX_YEARS + " years");
    }
    if (to.isEmpty() || to.get().isBefore(from.get())) {
      return badTime("to", "not before from");
    }
    UsagePeriod period = new UsagePeriod(from.get(), to.get().isAfter(now) ? now : to.get(), zone);
    UsageReport report = new UsageReport(query.by(), period);
    ApiResult<Integer> read =
        api.forEach(
            ResourceType.USAGE,
            settings.operatorNamespace(),
            selector(caller, period, now),
            usage -> {
              if (caller.isAdmin() || settings.isOwn(caller, usage.spec().user())) {
                report.add(usage.spec());
              }
            });
    return read.failure()
        .<Outcome<UsageReport>>map(failure -> Failures.unavailable(failure.message()))
        .orElseGet(() -> new Outcome.Done<>(report));
  }

  /** The budgets that the caller may see. */
  Outcome<BudgetsView> budgets(ApiUser caller, Instant now) {
    GpuBudgets budgets = settings.budgets();
    return gpuUse(now)
        .map(use ->
            new BudgetsView(
                use.month(),
                use.renewsAt(settings.usageZone()),
                caller.isAdmin()
                    ? budgets.ofAll(use)
                    : budgets.of(caller.email(), recorded(caller, use), use)));
  }

  /** The groups of the caller that count: those with a budget of their own, and those with use. */
  private List<String> recorded(ApiUser caller, GpuUse use) {
    return caller.groups().stream()
        .filter(group ->
            use.groups().containsKey(group)
                || settings.budgets().group().exceptions().containsKey(group))
        .distinct()
        .sorted()
        .toList();
  }

  /**
   * The use of GPUs by everybody in this month. Read at most once a minute: users open their page
   * more often, and each of them needs that of the whole group.
   */
  private synchronized Outcome<GpuUse> gpuUse(Instant now) {
    GpuUse.Sum sum = new GpuUse.Sum(now, settings.usageZone());
    Optional<GpuUse> recent =
        known
            .filter(last -> now.isBefore(last.at().plus(MAX_AGE)))
            .map(Known::use)
            .filter(use -> use.month().equals(sum.result().month()));
    if (recent.isPresent() || !settings.budgets().isSet()) {
      return new Outcome.Done<>(recent.orElseGet(sum::result));
    }
    ApiResult<Integer> read =
        api.forEach(
            ResourceType.USAGE,
            settings.operatorNamespace(),
            sum.selector(),
            usage -> sum.add(usage.spec()));
    if (read.failure().isPresent()) {
      return Failures.unavailable(read.failure().get().message());
    }
    known = Optional.of(new Known(now, sum.result()));
    return new Outcome.Done<>(sum.result());
  }

  private static String selector(ApiUser caller, UsagePeriod period, Instant now) {
    return period.selector(now)
        + (caller.isAdmin() ? "" : "," + Labels.USER + "=" + Labels.valueOf(caller.email()));
  }

  private static Outcome<UsageReport> badTime(String field, String rule) {
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
