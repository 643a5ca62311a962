package io.vdi.operator.controller.session;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.runtime.FailureCounter;
import io.vdi.operator.runtime.Gauges;
import io.vdi.operator.runtime.workqueue.WorkerPool.Reconciler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The metrics of sessions and their queue; docs/specification.md, section 6. */
public final class SessionMetrics {
  private static final Duration[] DURATION_BUCKETS =
      LongStream.of(60, 300, 900, 1800, 3600, 7200, 14400)
          .mapToObj(Duration::ofSeconds)
          .toArray(Duration[]::new);
  private static final Duration[] STARTUP_BUCKETS =
      LongStream.of(1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 300, 600)
          .mapToObj(Duration::ofSeconds)
          .toArray(Duration[]::new);
  private static final Duration[] RECONCILE_BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final MeterRegistry meters;
  private final Timer reconcile;

  public SessionMetrics(MeterRegistry meters) {
    this.meters = meters;
    this.reconcile =
        meters.getOrCreate(
            Timer.builder("vdi_reconcile")
                .description("Duration of one pass over one session")
                .percentiles(new double[0])
                .buckets(RECONCILE_BUCKETS));
  }

  /** Registers the gauges; their values are computed when they are read. */
  public void watch(
      ControllerCaches caches,
      Supplier<Number> depth,
      Supplier<Number> retrying,
      BooleanSupplier leading,
      BooleanSupplier configValid) {
    Gauges gauges = new Gauges(meters);
    Supplier<List<VdiSession>> sessions = caches.sessions()::list;
    for (Phase phase : Phase.values()) {
      gauges.add(
          "vdi_sessions_total",
          "Sessions by phase",
          () ->
              sessions.get().stream()
                  .filter(s -> s.status().currentPhase().orElse(Phase.PENDING) == phase)
                  .count(),
          Tag.create("phase", phase.text()));
    }
    gauges.add("vdi_workqueue_depth", "Sessions waiting for a worker", depth);
    gauges.add(
        "vdi_workqueue_retrying",
        "Sessions whose last pass failed and is retried with back-off",
        retrying);
    gauges.ofLeader(leading, configValid);
  }

  /** The same reconciler; the duration of each pass is recorded. */
  public <K> Reconciler<K> timed(Reconciler<K> reconciler) {
    return key -> {
      long start = System.nanoTime();
      try {
        return reconciler.reconcile(key);
      } finally {
        reconcile.record(Duration.ofNanos(System.nanoTime() - start));
      }
    };
  }

  /** Counts a pass that failed, by the reason of Kubernetes or of the controller. */
  void error(String reason) {
    new FailureCounter(meters, "vdi_reconcile_errors_total", "Passes whose plan failed")
        .count(reason);
  }

  /**
   * Counts what happened to a desktop on a drained node.
   *
   * @param outcome {@code announced}, {@code cancelled} or {@code moved}
   */
  void drain(String outcome) {
    meters
        .getOrCreate(
            Counter.builder("vdi_node_drains_total")
                .description("Desktops on drained nodes")
                .tags(List.of(Tag.create("outcome", outcome))))
        .increment();
  }

  void started(VdiSession session, Duration startup) {
    timer(
            "vdi_session_startup",
            "Time from the creation of the pod to the first Running",
            session,
            STARTUP_BUCKETS)
        .record(startup.isNegative() ? Duration.ZERO : startup);
  }

  /** Records the end of a session, unless it never ran. */
  void ended(VdiSession session, Instant now) {
    session
        .status()
        .startedAt()
        .ifPresent(start ->
            timer(
                    "vdi_session_duration",
                    "Time from status.startTime to the deletion",
                    session,
                    DURATION_BUCKETS)
                .record(Duration.between(start, now)));
  }

  private Timer timer(String name, String description, VdiSession session, Duration[] buckets) {
    return meters.getOrCreate(
        Timer.builder(name)
            .description(description)
            .percentiles(new double[0])
            .buckets(buckets)
            .tags(List.of(Tag.create("template", session.spec().template()))));
  }
}
