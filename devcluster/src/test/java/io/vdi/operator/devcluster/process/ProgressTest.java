package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ProgressTest {
  @Test
  void awaitReturnsWhenTheConditionHolds() {
    AtomicInteger checks = new AtomicInteger();
    Progress.await(
        () -> "a third check", Duration.ofSeconds(10), () -> checks.incrementAndGet() == 3);
    assertThat(checks).hasValue(3);
  }

  @Test
  void awaitFailsAfterTheLimit() {
    assertThatThrownBy(() -> Progress.await(() -> "nothing", Duration.ZERO, () -> false))
        .isInstanceOf(ClusterException.class)
        .hasMessage("gave up after 0 s of waiting for nothing");
  }

  @Test
  void awaitEndsWhenTheThreadIsInterrupted() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Progress.await(() -> "nothing", Duration.ofHours(1), () -> false))
        .isInstanceOf(ClusterException.class)
        .hasMessage("interrupted while waiting for nothing");
    assertThat(Thread.interrupted()).isTrue();
  }
}
