package io.vdi.operator.controller.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.common.model.SessionKey;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BurstDetectorTest {
  private static final int WORKERS = 20;

  private final BurstDetector newcomers = new BurstDetector(WORKERS);
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void aFewAreNoReasonToHoldAnythingBack() {
    arrive(BurstDetector.BURST_ARRIVALS, Duration.ofMillis(1));
    assertEquals(Duration.ZERO, newcomers.statusDelay(now));
  }

  @Test
  void manyInAShortTimeAre() {
    arrive(60, Duration.ofMillis(50));
    assertEquals(BurstDetector.BURST_DELAY, newcomers.statusDelay(now));
    assertEquals(Duration.ZERO, newcomers.statusDelay(now.plus(BurstDetector.BURST_WINDOW)));
  }

  @Test
  void manyOverALongTimeAreNot() {
    arrive(100, Duration.ofMillis(200));
    assertEquals(Duration.ZERO, newcomers.statusDelay(now));
  }

  @Test
  void moreThanThereAreWorkersComeBeforeAnyWords() {
    for (int i = 0; i <= WORKERS; i++) {
      newcomers.arrived(key(i), now);
    }
    assertEquals(BurstDetector.QUEUED_DELAY, newcomers.statusDelay(now));
    newcomers.started(key(3));
    assertEquals(Duration.ZERO, newcomers.statusDelay(now));
  }

  private void arrive(int count, Duration apart) {
    for (int i = 0; i < count; i++) {
      now = now.plus(apart);
      newcomers.arrived(key(i), now);
      newcomers.started(key(i));
    }
  }

  private static SessionKey key(int i) {
    return new SessionKey("desks", "session-" + i);
  }
}
