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
 * becomes part of the next change of phase, which saves two writes per session start. During a
 * burst, phases Pending and Creating are delayed too: by then they are often outdated and need not
 * be written.
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

  private static final Duration RECHECK_INTERVAL = Duration.ofSeconds(1);

  private Optional<Instant> lastWrite = Optional.empty();
  private Optional<Instant> heldSince = Optional.empty();

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
    boolean newMessage = !status.message().isEmpty() && !before.message().equals(status.message());
    Duration interval =
        newMessage
            ? MESSAGE_INTERVAL
            : isStarting(status) ? CONDITION_INTERVAL_WHILE_STARTING : CONDITION_INTERVAL;
    return lastWrite.flatMap(last -> remaining(last.plus(interval), now));
  }

  private Optional<Duration> hold(Duration burstDelay, Instant now) {
    if (burstDelay.isZero()) {
      return Optional.empty();
    }
    Instant since = heldSince.orElse(now);
    heldSince = Optional.of(since);
    return remaining(since.plus(burstDelay), now)
        .map(left -> left.compareTo(RECHECK_INTERVAL) < 0 ? left : RECHECK_INTERVAL);
  }

  private static Optional<Duration> remaining(Instant until, Instant now) {
    Duration left = Duration.between(now, until);
    return left.isPositive() ? Optional.of(left) : Optional.empty();
  }

  /** A status was written. */
  void wrote(Instant now) {
    lastWrite = Optional.of(now);
    heldSince = Optional.empty();
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
