package io.vdi.operator.runtime;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import java.util.List;

/** Counts failures by their reason, in the label {@code reason}. */
public record FailureCounter(MeterRegistry meters, String name, String description) {
  /**
   * @param reason of Kubernetes or of the service; the API server leaves it empty where it knows
   *     none, and the label is {@code Unknown} then
   */
  public void count(String reason) {
    meters
        .getOrCreate(
            Counter.builder(name)
                .description(description)
                .tags(List.of(Tag.create("reason", reason.isEmpty() ? "Unknown" : reason))))
        .increment();
  }
}
