package io.vdi.operator.controller.usage;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.common.usage.GpuUse;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Suspends desktops with GPUs whose budget is spent, with {@code quota.budgets.whenSpent: suspend};
 * docs/specification.md, section 9.
 */
final class BudgetEnforcer {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetEnforcer.class);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final ClusterUsageStore store;
  private final EventRecorder events;
  private final Supplier<UsageSettings> settings;
  private final BooleanSupplier mayWrite;
  private final UsageMetrics metrics;

  BudgetEnforcer(
      KubeClient api,
      ControllerCaches caches,
      ClusterUsageStore store,
      EventRecorder events,
      Supplier<UsageSettings> settings,
      BooleanSupplier mayWrite,
      UsageMetrics metrics) {
    this.api = api;
    this.caches = caches;
    this.store = store;
    this.events = events;
    this.settings = settings;
    this.mayWrite = mayWrite;
    this.metrics = metrics;
  }

  /**
   * @param now by the clock of the API server
   */
  void enforce(Instant now) {
    GpuBudgets budgets = settings.get().budgets();
    List<VdiUsage> running =
        store.open().stream().filter(usage -> usage.spec().gpu().count() > 0).toList();
    if (budgets.whenSpent() == GpuBudgets.WhenSpent.KEEP
        || !budgets.isSet()
        || running.isEmpty()
        || !store.isKnown()) {
      return;
    }
    ZoneId zone = settings.get().zone();
    GpuUse.Sum sum = new GpuUse.Sum(now, zone);
    ApiResult<Integer> read = store.forEach(sum.selector(), usage -> sum.add(usage.spec()));
    if (read.failure().isPresent()) {
      metrics.failed(read.failure().get().reason());
      LOG.warn("budgets cannot be checked: {}", read.failure().get().message());
      return;
    }
    GpuUse use = sum.result();
    for (VdiUsage usage : running) {
      VdiUsage.Spec interval = usage.spec();
      List<String> spent = budgets.spent(interval.user(), interval.groups(), use, zone);
      if (!spent.isEmpty()) {
        session(interval).ifPresent(session -> suspend(session, String.join("; ", spent), now));
      }
    }
  }

  private Optional<VdiSession> session(VdiUsage.Spec interval) {
    return caches
        .sessions()
        .get(interval.session().namespace(), interval.session().name())
        .filter(session -> session.uid().equals(interval.session().uid()))
        .filter(session -> !session.spec().suspended() && !session.metadata().isDeleting());
  }

  private void suspend(VdiSession session, String message, Instant now) {
    if (!mayWrite.getAsBoolean()) {
      return;
    }
    ApiResult<VdiSession> suspended =
        api.mergePatch(
            ResourceType.SESSION,
            session.namespace(),
            session.name(),
            MergePatch.forVersion(session.metadata())
                .set("spec.suspended", true)
                .annotation(Annotations.SUSPENDED_BY, "budget")
                .annotation(
                    Annotations.SUSPENDED_AT, now.truncatedTo(ChronoUnit.SECONDS).toString())
                .toJson());
    suspended
        .ok()
        .ifPresent(stopped -> {
          caches.sessions().changed(stopped);
          events.record(session, true, "BudgetSpent", "suspended: " + message);
          LOG.info("{}/{}: suspended: {}", session.namespace(), session.name(), message);
        });
    if (suspended.isNotFound() || suspended.isConflict()) {
      // The session has ended or changed; the next check sees how.
      return;
    }
    suspended
        .failure()
        .ifPresent(failure -> {
          metrics.failed(failure.reason());
          LOG.warn(
              "{}/{} cannot be suspended: {}",
              session.namespace(),
              session.name(),
              failure.message());
        });
  }
}
