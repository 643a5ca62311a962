package io.vdi.operator.gate.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestLimitTest {
  private final AtomicLong time = new AtomicLong();
  private final RequestLimit limit = new RequestLimit(2, 3, 1, time::get);

  @Test
  void limitsEachUserAlone() {
    for (int i = 0; i < 3; i++) {
      assertThat(limit.admit("alice")).isTrue();
    }
    assertThat(limit.admit("alice")).isFalse();
    assertThat(limit.admit("bob")).isTrue();
    time.addAndGet(Duration.ofMillis(500).toNanos());
    assertThat(limit.admit("alice")).isTrue();
    assertThat(limit.admit("alice")).isFalse();
  }

  @Test
  void limitsStreams() {
    assertThat(limit.openStream("alice")).isTrue();
    assertThat(limit.openStream("alice")).isFalse();
    limit.closeStream("alice");
    assertThat(limit.openStream("alice")).isTrue();
  }
}
