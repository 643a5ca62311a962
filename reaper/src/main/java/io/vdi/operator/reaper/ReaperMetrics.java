package io.vdi.operator.reaper;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.reaper.activity.LoadMonitor;
import io.vdi.operator.reaper.execution.OrphanScan;
import io.vdi.operator.reaper.execution.ReapListener;
import io.vdi.operator.reaper.execution.ReaperReport;
import io.vdi.operator.reaper.notice.NoticeListener;
import io.vdi.operator.reaper.notice.Notifier;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.runtime.Gauges;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** The metrics of the reaper; docs/operations.md lists them. */
final class ReaperMetrics implements ReapListener {
  private static final Duration[] LATENESS_BUCKETS =
      LongStream.of(50, 100, 250, 500, 1000, 2000, 5000, 10_000, 60_000, 300_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final MeterRegistry meters;
  private final InstantSource clock;

  ReaperMetrics(MeterRegistry meters, InstantSource clock) {
    this.meters = meters;
    this.clock = clock;
  }

  /** Registers the gauges, whose values are read at each scrape. */
  void watch(
      ReaperReport report,
      IntSupplier queueDepth,
      BooleanSupplier guardEngaged,
      LongSupplier loadUnknown,
      Supplier<Double> skew,
      BooleanSupplier leading,
      BooleanSupplier configValid) {
    Gauges gauges = new Gauges(meters);
    for (ResourceType<?> type : OrphanScan.TYPES) {
      gauges.add(
          "vdi_orphans_total",
          "Objects whose session does not exist",
          () -> report.orphans(type.kind()),
          Tag.create("kind", type.kind()));
    }
    gauges.add("vdi_homes_retained", "Homes that no session uses", report::homes);
    gauges.add(
        "vdi_sessions_overdue",
        "Sessions that are past their end and not deleted",
        report::overdue);
    gauges.add(
        "vdi_sessions_stuck",
        "Deleted sessions whose finalizer is still present after terminatingTimeout",
        report::stuck);
    gauges.add(
        "vdi_workqueue_depth", "Sessions and objects that wait for a worker", queueDepth::getAsInt);
    gauges.add(
        "vdi_reaper_brake",
        "1 while no session is deleted because too many would be deleted",
        () -> guardEngaged.getAsBoolean() ? 1 : 0);
    gauges.add(
        "vdi_sessions_load_unknown",
        "Sessions that are treated as busy because their load is unknown",
        loadUnknown::getAsLong);
    gauges.add(
        "vdi_clock_skew_seconds",
        "How far the clock of the API server is ahead of the node's",
        skew);
    gauges.ofLeader(leading, configValid);
    // Registered with the value 0, because an alert on a missing series is never raised.
    for (ReapReason reason : ReapReason.values()) {
      // A schedule deletes nothing.
      if (reason != ReapReason.SCHEDULE) {
        deletions(reason);
      }
    }
    suspensions();
    scheduleStops();
    scheduleStarts();
    probes(true);
    probes(false);
    for (LoadMonitor.Source source : LoadMonitor.Source.values()) {
      scrapes(source, true);
      scrapes(source, false);
    }
  }

  @Override
  public void reaped(ReapReason reason, Instant due) {
    Duration late = Duration.between(due, clock.instant());
    deletions(reason).increment();
    meters
        .getOrCreate(
            Timer.builder("vdi_reaper_lateness")
                .description("From the due time of a deletion to the deletion")
                .percentiles(new double[0])
                .buckets(LATENESS_BUCKETS)
                .tags(List.of(Tag.create("reason", reason.text()))))
        .record(late.isNegative() ? Duration.ZERO : late);
  }

  @Override
  public void idleSuspended() {
    suspensions().increment();
  }

  @Override
  public void scheduleStopped() {
    scheduleStops().increment();
  }

  @Override
  public void scheduleStarted() {
    scheduleStarts().increment();
  }

  private Counter scheduleStops() {
    return meters.getOrCreate(
        Counter.builder("vdi_schedule_stops_total")
            .description("Sessions that were suspended by their schedule"));
  }

  private Counter scheduleStarts() {
    return meters.getOrCreate(
        Counter.builder("vdi_schedule_starts_total")
            .description("Sessions that were resumed by their schedule"));
  }

  private Counter suspensions() {
    return meters.getOrCreate(
        Counter.builder("vdi_idle_suspended_total")
            .description("Sessions that were suspended because they were idle"));
  }

  @Override
  public void wouldReap(ReapReason reason) {
    counter("vdi_reaper_dry_run_total", "Deletions that a dry run would have made", reason)
        .increment();
  }

  /** Registers what is counted for each sink of notices, also of those that are not configured. */
  void watchNotices(Notifier notifier) {
    for (String sink : Notifier.SINKS) {
      new Gauges(meters)
          .add(
              "vdi_notices_pending",
              "Notices that wait for a sink",
              () -> notifier.pending(sink),
              Tag.create("sink", sink));
      for (Notice.Kind kind : Notice.Kind.values()) {
        for (NoticeListener.Outcome outcome : NoticeListener.Outcome.values()) {
          notices(sink, kind, outcome);
        }
      }
    }
  }

  /** Counts a notice that a sink has settled. */
  void noticeSettled(String sink, Notice.Kind kind, NoticeListener.Outcome outcome) {
    notices(sink, kind, outcome).increment();
  }

  private Counter notices(String sink, Notice.Kind kind, NoticeListener.Outcome outcome) {
    return meters.getOrCreate(
        Counter.builder("vdi_notices_sent_total")
            .description("Notices that were delivered, refused by their receiver, or given up")
            .tags(
                List.of(
                    Tag.create("sink", sink),
                    Tag.create("kind", kind.text()),
                    Tag.create("outcome", outcome.text()))));
  }

  /** Counts a desktop that was asked for its connected clients. */
  void probed(boolean answered) {
    probes(answered).increment();
  }

  private Counter probes(boolean answered) {
    return meters.getOrCreate(
        Counter.builder("vdi_activity_polls_total")
            .description("Desktops that were asked for their connected clients")
            .tags(List.of(Tag.create("answered", String.valueOf(answered)))));
  }

  /** Counts a node that was asked for the load of its pods. */
  void scraped(LoadMonitor.Source source, boolean answered) {
    scrapes(source, answered).increment();
  }

  private Counter scrapes(LoadMonitor.Source source, boolean answered) {
    return meters.getOrCreate(
        Counter.builder("vdi_load_scrapes_total")
            .description("Kubelets and DCGM exporters that were asked for the load of pods")
            .tags(
                List.of(
                    Tag.create("source", source.label()),
                    Tag.create("answered", String.valueOf(answered)))));
  }

  private Counter deletions(ReapReason reason) {
    return counter("vdi_reaped_total", "Deletions", reason);
  }

  private Counter counter(String name, String description, ReapReason reason) {
    return meters.getOrCreate(
        Counter.builder(name)
            .description(description)
            .tags(List.of(Tag.create("reason", reason.text()))));
  }
}
