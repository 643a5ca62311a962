package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GaugesTest {
  private final MeterRegistry meters = ObserveServer.meters();
  private final Gauges gauges = new Gauges(meters);

  @AfterEach
  void removeMeters() {
    List.copyOf(meters.meters()).stream()
        .filter(meter -> meter.id().name().startsWith("vdi_"))
        .forEach(meters::remove);
  }

  @Test
  @DisplayName("a gauge reads its source each time that it is scraped")
  void readsItsSource() {
    AtomicInteger depth = new AtomicInteger(1);
    gauges.add("vdi_test_depth", "keys in the queue", depth::get);
    assertThat(value("vdi_test_depth")).isEqualTo(1);
    depth.set(5);
    assertThat(value("vdi_test_depth")).isEqualTo(5);
  }

  @Test
  @DisplayName("gauges of one name may differ in their tags")
  void tags() {
    gauges.add("vdi_test_sessions", "by phase", () -> 2, Tag.create("phase", "Running"));
    gauges.add("vdi_test_sessions", "by phase", () -> 7, Tag.create("phase", "Failed"));
    assertThat(value("vdi_test_sessions", Tag.create("phase", "Running"))).isEqualTo(2);
    assertThat(value("vdi_test_sessions", Tag.create("phase", "Failed"))).isEqualTo(7);
  }

  @Test
  @DisplayName("vdi_leader and vdi_config_valid are 1 or 0")
  void published() {
    AtomicBoolean leading = new AtomicBoolean();
    AtomicBoolean valid = new AtomicBoolean(true);
    gauges.ofLeader(leading::get, valid::get);
    assertThat(value("vdi_leader")).isZero();
    assertThat(value("vdi_config_valid")).isEqualTo(1);
    leading.set(true);
    valid.set(false);
    assertThat(value("vdi_leader")).isEqualTo(1);
    assertThat(value("vdi_config_valid")).isZero();
  }

  private int value(String name, Tag... tags) {
    return meters.gauge(name, List.of(tags)).orElseThrow().value().intValue();
  }
}
