package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FailureCounterTest {
  private final MeterRegistry meters = ObserveServer.meters();

  @Test
  @DisplayName("each reason has a counter of its own, and an empty one is Unknown")
  void byReason() {
    FailureCounter failures = new FailureCounter(meters, "vdi_test_failures_total", "What failed");
    failures.count("Forbidden");
    failures.count("");
    failures.count("Forbidden");
    assertThat(count("Forbidden")).isEqualTo(2);
    assertThat(count("Unknown")).isEqualTo(1);
  }

  private long count(String reason) {
    return meters
        .counter("vdi_test_failures_total", List.of(Tag.create("reason", reason)))
        .map(Counter::count)
        .orElseThrow();
  }
}
