package io.vdi.operator.reaper;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.reaper.execution.OrphanScan;
import io.vdi.operator.reaper.execution.ReapListener;
import io.vdi.operator.reaper.execution.ReaperReport;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.runtime.Gauges;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** The reaper's metrics, spec.md section 6. */
final class ReaperMetrics implements ReapListener {
  private static final Duration[] LATENESS =
      LongStream.of(50, 100, 250, 500, 1000, 2000, 5000, 10_000, 60_000, 300_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final MeterRegistry meters;

  ReaperMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  /** Gauges that are read when they are asked for. */
  void watch(
      ReaperReport findings,
      IntSupplier queueDepth,
      BooleanSupplier braked,
      Supplier<Double> skew,
      BooleanSupplier leading,
      BooleanSupplier configValid) {
    Gauges gauges = new Gauges(meters);
    for (ResourceType<?> kind : OrphanScan.KINDS) {
      gauges.add(
          "vdi_orphans_total",
          "Objects whose session is gone",
          () -> findings.orphans(kind.kind()),
          Tag.create("kind", kind.kind()));
    }
    gauges.add("vdi_homes_retained", "Homes that no session has", findings::homes);
    gauges.add("vdi_sessions_overdue", "Sessions that should be gone", findings::overdue);
    gauges.add("vdi_sessions_stuck", "Deleted sessions that do not go", findings::stuck);
    gauges.add("vdi_workqueue_depth", "Sessions and objects to be judged", queueDepth::getAsInt);
    gauges.add(
        "vdi_reaper_brake",
        "1 where no session is deleted, because too many would be",
        () -> braked.getAsBoolean() ? 1 : 0);
    gauges.add(
        "vdi_clock_skew_seconds", "How far the API server's clock is ahead of this node's", skew);
    gauges.ofLeader(leading, configValid);
    // There from the beginning, at 0: an alert on a series that does not exist yet is never raised.
    for (ReapReason reason : ReapReason.values()) {
      counted("vdi_reaped_total", "What was deleted", reason);
    }
    polls(true);
    polls(false);
  }

  @Override
  public void reaped(ReapReason reason, Duration late) {
    counted("vdi_reaped_total", "What was deleted", reason).increment();
    meters
        .getOrCreate(
            Timer.builder("vdi_reaper_lateness")
                .description("From the time at which something was due to its deletion")
                .percentiles(new double[0])
                .buckets(LATENESS)
                .tags(List.of(Tag.create("reason", reason.text()))))
        .record(late.isNegative() ? Duration.ZERO : late);
  }

  @Override
  public void wouldReap(ReapReason reason) {
    counted("vdi_reaper_dry_run_total", "What a dry run would have deleted", reason).increment();
  }

  /** Whether a desktop answered the question who is connected. */
  void asked(boolean answered) {
    polls(answered).increment();
  }

  private Counter polls(boolean answered) {
    return meters.getOrCreate(
        Counter.builder("vdi_activity_polls_total")
            .description("Desktops asked who is connected")
            .tags(List.of(Tag.create("answered", String.valueOf(answered)))));
  }

  private Counter counted(String name, String description, ReapReason reason) {
    return meters.getOrCreate(
        Counter.builder(name)
            .description(description)
            .tags(List.of(Tag.create("reason", reason.text()))));
  }
}
