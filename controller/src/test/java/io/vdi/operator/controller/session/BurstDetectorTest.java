package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.SessionKey;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BurstDetectorTest {
  private static final int WORKERS = 20;

  private final BurstDetector bursts = new BurstDetector(WORKERS);
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void fewArrivalsDelayNothing() {
    arrive(BurstDetector.BURST_ARRIVALS, Duration.ofMillis(1));
    assertThat(bursts.statusDelay(now)).isEqualTo(Duration.ZERO);
  }

  @Test
  void manyArrivalsInAShortTimeAreABurst() {
    arrive(60, Duration.ofMillis(50));
    assertThat(bursts.statusDelay(now)).isEqualTo(BurstDetector.BURST_DELAY);
    assertThat(bursts.statusDelay(now.plus(BurstDetector.BURST_WINDOW))).isEqualTo(Duration.ZERO);
  }

  @Test
  void manyArrivalsOverALongTimeAreNoBurst() {
    arrive(100, Duration.ofMillis(200));
    assertThat(bursts.statusDelay(now)).isEqualTo(Duration.ZERO);
  }

  @Test
  void moreWaitingSessionsThanWorkersDelayStatusWrites() {
    for (int i = 0; i <= WORKERS; i++) {
      bursts.arrived(key(i), now);
    }
    assertThat(bursts.statusDelay(now)).isEqualTo(BurstDetector.QUEUED_DELAY);
    bursts.started(key(3));
    assertThat(bursts.statusDelay(now)).isEqualTo(Duration.ZERO);
  }

  private void arrive(int count, Duration apart) {
    for (int i = 0; i < count; i++) {
      now = now.plus(apart);
      bursts.arrived(key(i), now);
      bursts.started(key(i));
    }
  }

  private static SessionKey key(int i) {
    return new SessionKey("desks", "session-" + i);
  }
}
