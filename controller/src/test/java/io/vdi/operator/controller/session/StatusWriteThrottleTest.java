package io.vdi.operator.controller.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatusWriteThrottleTest {
  private static final String UID = "uid";

  private final StatusWriteThrottle pace = new StatusWriteThrottle();
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void aChangeOfPhaseIsWrittenAtOnce() {
    wrote();
    assertWait(0, status(Phase.PENDING, ""), status(Phase.CREATING, ""), Duration.ZERO);
    assertWait(
        0, status(Phase.CREATING, ""), status(Phase.RUNNING, ""), BurstDetector.QUEUED_DELAY);
    assertWait(
        0,
        status(Phase.CREATING, ""),
        status(Phase.FAILED, "no image"),
        BurstDetector.QUEUED_DELAY);
  }

  @Test
  void newWordsWaitFiveSecondsSinceTheLastWrite() {
    wrote();
    now = now.plusSeconds(2);
    assertWait(3, status(Phase.PENDING, ""), status(Phase.PENDING, "no GPU"), Duration.ZERO);
    now = now.plusSeconds(3);
    assertWait(0, status(Phase.PENDING, ""), status(Phase.PENDING, "no GPU"), Duration.ZERO);
  }

  @Test
  void conditionsAndWordsThatGoAwayWaitLonger() {
    wrote();
    assertWait(60, status(Phase.PENDING, "no GPU"), status(Phase.PENDING, ""), Duration.ZERO);
    assertWait(25, status(Phase.RUNNING, ""), status(Phase.RUNNING, ""), Duration.ZERO);
  }

  @Test
  void afterARestartNothingWaits() {
    assertWait(0, status(Phase.RUNNING, ""), status(Phase.RUNNING, ""), Duration.ZERO);
  }

  @Test
  void thatSessionsStartIsHeldBackWhileManyWaitButNotForLong() {
    VdiSession.Status pending = status(Phase.PENDING, "");
    assertWait(1, VdiSession.Status.EMPTY, pending, BurstDetector.QUEUED_DELAY);
    now = now.plusSeconds(19);
    assertWait(1, VdiSession.Status.EMPTY, pending, BurstDetector.QUEUED_DELAY);
    assertWait(0, VdiSession.Status.EMPTY, pending, Duration.ZERO);
    now = now.plusSeconds(1);
    assertWait(0, VdiSession.Status.EMPTY, pending, BurstDetector.QUEUED_DELAY);
  }

  @Test
  void whatIsNoLongerTrueAfterTheHoldIsNeverSaid() {
    assertWait(1, VdiSession.Status.EMPTY, status(Phase.PENDING, ""), BurstDetector.BURST_DELAY);
    assertWait(0, VdiSession.Status.EMPTY, status(Phase.RUNNING, ""), BurstDetector.BURST_DELAY);
    now = now.plus(BurstDetector.BURST_DELAY);
    assertWait(0, VdiSession.Status.EMPTY, status(Phase.CREATING, ""), BurstDetector.BURST_DELAY);
  }

  private void wrote() {
    pace.wrote(UID, now);
  }

  private void assertWait(
      int seconds, VdiSession.Status before, VdiSession.Status status, Duration patience) {
    assertEquals(
        seconds == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds)),
        pace.delay(UID, before, status, now, patience));
  }

  private static VdiSession.Status status(Phase phase, String message) {
    return new VdiSession.Status(phase, "pod", "", null, null, null, message, 1, List.of());
  }
}
