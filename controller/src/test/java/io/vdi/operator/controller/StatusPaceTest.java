package io.vdi.operator.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatusPaceTest {
  private static final String UID = "uid";

  private final StatusPace pace = new StatusPace();
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void aChangeOfPhaseIsWrittenAtOnce() {
    wrote();
    assertWait(0, status(Phase.PENDING, ""), status(Phase.CREATING, ""), false);
    assertWait(0, status(Phase.CREATING, ""), status(Phase.RUNNING, ""), true);
    assertWait(0, status(Phase.CREATING, ""), status(Phase.FAILED, "no image"), true);
  }

  @Test
  void newWordsWaitFiveSecondsSinceTheLastWrite() {
    wrote();
    now = now.plusSeconds(2);
    assertWait(3, status(Phase.PENDING, ""), status(Phase.PENDING, "no GPU"), false);
    now = now.plusSeconds(3);
    assertWait(0, status(Phase.PENDING, ""), status(Phase.PENDING, "no GPU"), false);
  }

  @Test
  void conditionsAndWordsThatGoAwayWaitLonger() {
    wrote();
    assertWait(60, status(Phase.PENDING, "no GPU"), status(Phase.PENDING, ""), false);
    assertWait(25, status(Phase.RUNNING, ""), status(Phase.RUNNING, ""), false);
  }

  @Test
  void afterARestartNothingWaits() {
    assertWait(0, status(Phase.RUNNING, ""), status(Phase.RUNNING, ""), false);
  }

  @Test
  void thatSessionsStartIsHeldBackWhileManyWaitButNotForLong() {
    VdiSession.Status pending = status(Phase.PENDING, "");
    assertWait(1, VdiSession.Status.EMPTY, pending, true);
    now = now.plusSeconds(19);
    assertWait(1, VdiSession.Status.EMPTY, pending, true);
    assertWait(0, VdiSession.Status.EMPTY, pending, false);
    now = now.plusSeconds(1);
    assertWait(0, VdiSession.Status.EMPTY, pending, true);
  }

  private void wrote() {
    pace.wrote(UID, now);
  }

  private void assertWait(
      int seconds, VdiSession.Status before, VdiSession.Status status, boolean busy) {
    assertEquals(
        seconds == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds)),
        pace.wait(UID, before, status, now, busy));
  }

  private static VdiSession.Status status(Phase phase, String message) {
    return new VdiSession.Status(phase, "pod", "", null, null, null, message, 1, List.of());
  }
}
