package io.vdi.operator.controller.usage;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.runtime.FailureCounter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counters of use by template and group, never by user; docs/specification.md, section 9. They
 * count what happens while this process leads.
 */
final class UsageMetrics {
  private final MeterRegistry meters;

  /** Until when each open interval is counted, by its name. */
  private final Map<String, Instant> counted = new ConcurrentHashMap<>();

  UsageMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  /** This process has recorded the interval. */
  void started(VdiUsage usage) {
    counted.putIfAbsent(usage.name(), usage.spec().start());
  }

  /** The desktop has run until then. What ran before its first count belongs to a former leader. */
  void counted(VdiUsage usage, Instant until) {
    counted.compute(
        usage.name(),
        (name, from) -> {
          if (from == null || !from.isBefore(until)) {
            return from == null ? until : from;
          }
          count(usage.spec(), Duration.between(from, until).toSeconds());
          return from.plusSeconds(Duration.between(from, until).toSeconds());
        });
  }

  void ended(VdiUsage usage, Instant end) {
    counted(usage, end);
    counted.remove(usage.name());
  }

  private void count(VdiUsage.Spec interval, long seconds) {
    List<String> groups = interval.groups().isEmpty() ? List.of("") : interval.groups();
    for (String group : groups) {
      List<Tag> tags =
          List.of(Tag.create("template", interval.template()), Tag.create("group", group));
      counter("vdi_usage_seconds_total", "Seconds for which desktops ran", tags).increment(seconds);
      if (interval.gpu().count() > 0) {
        counter("vdi_usage_gpu_seconds_total", "The same, multiplied by their GPUs", tags)
            .increment(seconds * interval.gpu().count());
      }
    }
  }

  /** A read or a write of intervals, or a suspension for a budget, failed, and is tried again. */
  void failed(String reason) {
    new FailureCounter(
            meters,
            "vdi_usage_errors_total",
            "Reads and writes of usage, and suspensions for budgets, that failed")
        .count(reason);
  }

  private Counter counter(String name, String description, List<Tag> tags) {
    return meters.getOrCreate(Counter.builder(name).description(description).tags(tags));
  }
}
