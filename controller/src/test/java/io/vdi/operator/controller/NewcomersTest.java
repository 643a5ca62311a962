package io.vdi.operator.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.common.model.SessionKey;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class NewcomersTest {
  private static final int WORKERS = 20;

  private final Newcomers newcomers = new Newcomers(WORKERS);
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void aFewAreNoReasonToHoldAnythingBack() {
    arrive(Newcomers.BRISK_ARRIVALS, Duration.ofMillis(1));
    assertEquals(Duration.ZERO, newcomers.patience(now));
  }

  @Test
  void manyInAShortTimeAre() {
    arrive(60, Duration.ofMillis(50));
    assertEquals(Newcomers.BRISK, newcomers.patience(now));
    assertEquals(Duration.ZERO, newcomers.patience(now.plus(Newcomers.BRISK_WINDOW)));
  }

  @Test
  void manyOverALongTimeAreNot() {
    arrive(100, Duration.ofMillis(200));
    assertEquals(Duration.ZERO, newcomers.patience(now));
  }

  @Test
  void moreThanThereAreWorkersComeBeforeAnyWords() {
    for (int i = 0; i <= WORKERS; i++) {
      newcomers.arrived(key(i), now);
    }
    assertEquals(Newcomers.QUEUE, newcomers.patience(now));
    newcomers.begun(key(3));
    assertEquals(Duration.ZERO, newcomers.patience(now));
  }

  private void arrive(int count, Duration apart) {
    for (int i = 0; i < count; i++) {
      now = now.plus(apart);
      newcomers.arrived(key(i), now);
      newcomers.begun(key(i));
    }
  }

  private static SessionKey key(int i) {
    return new SessionKey("desks", "session-" + i);
  }
}
