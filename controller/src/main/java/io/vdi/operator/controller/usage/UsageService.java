package io.vdi.operator.controller.usage;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The recorder with its watch, and the periodic work: heartbeat, budgets, old intervals. */
public final class UsageService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UsageService.class);

  /** At most this much use is lost if a pod disappears while no controller works. */
  private static final Duration HEARTBEAT = Duration.ofMinutes(1);

  /** How much longer than its budget a desktop can run, at most. */
  private static final Duration BUDGETS = Duration.ofMinutes(5);

  private static final Duration CLEANUP = Duration.ofHours(1);
  private static final int DELETED_AT_ONCE = 1000;

  private final ClusterUsageStore store;
  private final UsageMetrics metrics;
  private final UsageRecorder recorder;
  private final Supplier<UsageSettings> settings;
  private final InstantSource clock;
  private final BooleanSupplier mayWrite;
  private final Periodic heartbeat;
  private final Periodic cleanup;
  private final BudgetEnforcer enforcer;
  private final Periodic budgets;

  /**
   * @param namespace of the operator
   * @param clock of the API server
   * @param mayWrite whether this replica leads
   */
  public UsageService(
      KubeClient api,
      ControllerCaches caches,
      String namespace,
      Supplier<UsageSettings> settings,
      InstantSource clock,
      BooleanSupplier mayWrite,
      EventRecorder events,
      MeterRegistry meters) {
    this.store = new ClusterUsageStore(api, caches, namespace, clock);
    this.metrics = new UsageMetrics(meters);
    this.recorder =
        new UsageRecorder(store, () -> !settings.get().retention().isZero(), mayWrite, metrics);
    this.settings = settings;
    this.clock = clock;
    this.mayWrite = mayWrite;
    this.enforcer = new BudgetEnforcer(api, caches, store, events, settings, mayWrite, metrics);
    this.budgets = new Periodic("usage-budgets", BUDGETS, this::enforceBudgets);
    this.heartbeat =
        new Periodic("usage-heartbeat", HEARTBEAT, () -> recorder.sweep(clock.instant()));
    this.cleanup = new Periodic("usage-cleanup", CLEANUP, this::deleteOld);
  }

  public UsageRecorder recorder() {
    return recorder;
  }

  /** Starts the watch. Without its permission or its CRD, desktops work and no use is recorded. */
  public void connect() {
    store.cache().start();
  }

  /**
   * Lists the intervals once more, because another replica may have written some.
   *
   * @return why they could not be listed
   */
  public Optional<ApiFailure> refresh() {
    return store.cache().refresh().failure();
  }

  /**
   * Continues what the former leader has recorded.
   *
   * @return why it could not be read
   */
  public Optional<ApiFailure> takeOver() {
    return recorder.takeOver();
  }

  /** Whether the recorder knows the open intervals, sessions and pods. */
  boolean isReady() {
    return store.isKnown();
  }

  /** Starts the periodic work of the leader. */
  public void start() {
    heartbeat.start();
    cleanup.start();
    budgets.start();
  }

  /** Ends the periodic work. */
  public void stop() {
    heartbeat.close();
    cleanup.close();
    budgets.close();
  }

  void enforceBudgets() {
    enforcer.enforce(clock.instant());
  }

  /** Deletes the intervals whose retention has passed. */
  void deleteOld() {
    if (!mayWrite.getAsBoolean()) {
      return;
    }
    Instant now = clock.instant();
    Instant time = now.minus(settings.get().retention());
    ApiResult<Integer> deleted = store.deleteEndedBefore(time, now, DELETED_AT_ONCE);
    deleted
        .ok()
        .filter(count -> count > 0)
        .ifPresent(count -> LOG.info("deleted {} intervals that ended before {}", count, time));
    deleted
        .failure()
        .ifPresent(failure -> {
          metrics.failed(failure.reason());
          LOG.warn("cannot delete old intervals of use: {}", failure.message());
        });
  }

  @Override
  public void close() {
    store.close();
  }
}
