package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Delays status writes of one session; docs/specification.md, section 3, Status writes. Phase, URL
 * and times are written immediately. A change of message or conditions alone is delayed and usually
 * becomes part of the next change of phase, which saves two writes per session start. For sessions
 * that start during a burst, phases Pending and Creating are delayed too: most of these sessions
 * run before the delay ends, and need one status and one Event instead of three.
 *
 * <p>Not thread-safe: one worker at a time handles a session.
 */
final class StatusWriteThrottle {
  /** For a new message. */
  private static final Duration MESSAGE_INTERVAL = Duration.ofSeconds(5);

  /**
   * For conditions, or a message that disappears. With the period of the checks no status is older
   * than 30 s; docs/specification.md, section 7.
   */
  private static final Duration CONDITION_INTERVAL = Duration.ofSeconds(25);

  /** The same while the session starts: its next phase follows soon and contains the change. */
  private static final Duration CONDITION_INTERVAL_WHILE_STARTING = Duration.ofSeconds(60);

  private Optional<Instant> lastWrite = Optional.empty();
  private Optional<Hold> hold = Optional.empty();

  /** A delay of phases Pending and Creating; it does not end with the burst. */
  private record Hold(Instant since, Duration delay) {}

  /**
   * How long to wait before this status can be written; empty if it can be written now.
   *
   * @param burstDelay how long phases Pending and Creating can be delayed
   */
  Optional<Duration> delay(
      VdiSession.Status before, VdiSession.Status status, Instant now, Duration burstDelay) {
    if (isUrgent(before, status)) {
      return isStarting(status) ? hold(burstDelay, now) : Optional.empty();
    }
    if (!isStarting(status)) {
      // A short interruption has ended before its phase was written.
      hold = Optional.empty();
    }
    boolean newMessage = !status.message().isEmpty() && !before.message().equals(status.message());
    Duration interval =
        newMessage
            ? MESSAGE_INTERVAL
            : isStarting(status) ? CONDITION_INTERVAL_WHILE_STARTING : CONDITION_INTERVAL;
    return lastWrite.flatMap(last -> remaining(last.plus(interval), now));
  }

  private Optional<Duration> hold(Duration burstDelay, Instant now) {
    Hold held = hold.orElse(new Hold(now, Duration.ZERO));
    if (burstDelay.compareTo(held.delay()) > 0) {
      held = new Hold(held.since(), burstDelay);
      hold = Optional.of(held);
    }
    return remaining(held.since().plus(held.delay()), now);
  }

  private static Optional<Duration> remaining(Instant until, Instant now) {
    Duration left = Duration.between(now, until);
    return left.isPositive() ? Optional.of(left) : Optional.empty();
  }

  /** A status was written. */
  void wrote(Instant now) {
    lastWrite = Optional.of(now);
    hold = Optional.empty();
  }

  private static boolean isUrgent(VdiSession.Status before, VdiSession.Status status) {
    return before.phase() != status.phase()
        || before.observedGeneration() != status.observedGeneration()
        || !drain(before).equals(drain(status))
        || !before.url().equals(status.url())
        || !Objects.equals(before.startTime(), status.startTime())
        || !Objects.equals(before.expiresAt(), status.expiresAt());
  }

  /** A person has to know in time that the desktop stops. */
  private static Optional<String> drain(VdiSession.Status status) {
    return status
        .condition(Condition.NODE_DRAINING)
        .map(condition -> condition.reason() + condition.message());
  }

  private static boolean isStarting(VdiSession.Status status) {
    return status.phase() == Phase.PENDING || status.phase() == Phase.CREATING;
  }
}
