package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatusWriteThrottleTest {
  private final StatusWriteThrottle throttle = new StatusWriteThrottle();
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void aChangeOfPhaseIsWrittenImmediately() {
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
  void aNewMessageWaitsFiveSecondsAfterTheLastWrite() {
    wrote();
    now = now.plusSeconds(2);
    assertWait(3, status(Phase.PENDING, ""), status(Phase.PENDING, "no GPU"), Duration.ZERO);
    now = now.plusSeconds(3);
    assertWait(0, status(Phase.PENDING, ""), status(Phase.PENDING, "no GPU"), Duration.ZERO);
  }

  @Test
  void conditionsAndRemovedMessagesWaitLonger() {
    wrote();
    assertWait(60, status(Phase.PENDING, "no GPU"), status(Phase.PENDING, ""), Duration.ZERO);
    assertWait(25, status(Phase.RUNNING, ""), status(Phase.RUNNING, ""), Duration.ZERO);
  }

  @Test
  void afterARestartNothingIsDelayed() {
    assertWait(0, status(Phase.RUNNING, ""), status(Phase.RUNNING, ""), Duration.ZERO);
  }

  @Test
  void aStartInABurstIsDelayedUpToALimitAlsoWhenTheBurstEnds() {
    VdiSession.Status pending = status(Phase.PENDING, "");
    assertWait(10, VdiSession.Status.EMPTY, pending, BurstDetector.BURST_DELAY);
    assertWait(20, VdiSession.Status.EMPTY, pending, BurstDetector.QUEUED_DELAY);
    now = now.plusSeconds(19);
    assertWait(1, VdiSession.Status.EMPTY, pending, Duration.ZERO);
    now = now.plusSeconds(1);
    assertWait(0, VdiSession.Status.EMPTY, pending, BurstDetector.QUEUED_DELAY);
    wrote();
    assertWait(0, pending, status(Phase.CREATING, ""), Duration.ZERO);
  }

  @Test
  void anOutdatedPhaseIsNotWrittenAfterTheDelay() {
    assertWait(10, VdiSession.Status.EMPTY, status(Phase.PENDING, ""), BurstDetector.BURST_DELAY);
    assertWait(0, VdiSession.Status.EMPTY, status(Phase.RUNNING, ""), BurstDetector.BURST_DELAY);
    now = now.plus(BurstDetector.BURST_DELAY);
    assertWait(0, VdiSession.Status.EMPTY, status(Phase.CREATING, ""), BurstDetector.BURST_DELAY);
  }

  @Test
  void anInterruptionThatWasNotWrittenDoesNotShortenTheNextDelay() {
    VdiSession.Status running = status(Phase.RUNNING, "");
    VdiSession.Status creating = status(Phase.CREATING, "");
    wrote();
    assertWait(10, running, creating, BurstDetector.BURST_DELAY);
    now = now.plusSeconds(30);
    assertWait(0, running, running, Duration.ZERO);
    assertWait(10, running, creating, BurstDetector.BURST_DELAY);
  }

  private void wrote() {
    throttle.wrote(now);
  }

  private void assertWait(
      int seconds, VdiSession.Status before, VdiSession.Status status, Duration burstDelay) {
    assertThat(throttle.delay(before, status, now, burstDelay))
        .isEqualTo(seconds == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds)));
  }

  private static VdiSession.Status status(Phase phase, String message) {
    return new VdiSession.Status(phase, "pod", "", null, null, null, 0, message, 1, List.of());
  }
}
