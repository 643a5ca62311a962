package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How soon a status is written. What people wait for (phase, address, times) at once; a change of
 * words or conditions alone waits for a while since the last write, and mostly goes along with the
 * next change of phase: without that, every session would cost two more writes while it starts. And
 * while many sessions come, their objects come first: that others are Pending or Creating can be
 * said a little later, or is no longer true by then and need not be said at all.
 */
public final class StatusWriteThrottle {
  /** For a message that says something new. */
  private static final Duration MESSAGE_INTERVAL = Duration.ofSeconds(5);

  /**
   * For conditions, or a message that goes away; no status is older than 30 s, spec.md section 7.
   */
  private static final Duration CONDITION_INTERVAL = Duration.ofSeconds(25);

  /** The same while the session starts: its next phase is near, and takes them along. */
  private static final Duration CONDITION_INTERVAL_WHILE_STARTING = Duration.ofSeconds(60);

  private static final Duration RECHECK_INTERVAL = Duration.ofSeconds(1);

  private final Map<String, Instant> lastWrite = new ConcurrentHashMap<>();
  private final Map<String, Instant> heldSince = new ConcurrentHashMap<>();

  /**
   * How long to wait before this status may be written; empty for now.
   *
   * @param patience how long it may wait to be said that a session starts
   */
  Optional<Duration> delay(
      String uid,
      VdiSession.Status before,
      VdiSession.Status status,
      Instant now,
      Duration patience) {
    if (isNews(before, status)) {
      return isStarting(status) ? hold(uid, patience, now) : Optional.empty();
    }
    Instant last = lastWrite.get(uid);
    if (last == null) {
      return Optional.empty();
    }
    boolean newWords = !status.message().isEmpty() && !before.message().equals(status.message());
    Duration pace =
        newWords
            ? MESSAGE_INTERVAL
            : isStarting(status) ? CONDITION_INTERVAL_WHILE_STARTING : CONDITION_INTERVAL;
    return left(last.plus(pace), now);
  }

  private Optional<Duration> hold(String uid, Duration patience, Instant now) {
    if (patience.isZero()) {
      return Optional.empty();
    }
    Instant since = heldSince.computeIfAbsent(uid, first -> now);
    return left(since.plus(patience), now)
        .map(left -> left.compareTo(RECHECK_INTERVAL) < 0 ? left : RECHECK_INTERVAL);
  }

  private static Optional<Duration> left(Instant until, Instant now) {
    Duration left = Duration.between(now, until);
    return left.isPositive() ? Optional.of(left) : Optional.empty();
  }

  void wrote(String uid, Instant now) {
    lastWrite.put(uid, now);
    heldSince.remove(uid);
  }

  public void forget(String uid) {
    lastWrite.remove(uid);
    heldSince.remove(uid);
  }

  private static boolean isNews(VdiSession.Status before, VdiSession.Status status) {
    return before.phase() != status.phase()
        || before.observedGeneration() != status.observedGeneration()
        || !before.url().equals(status.url())
        || !Objects.equals(before.startTime(), status.startTime())
        || !Objects.equals(before.expiresAt(), status.expiresAt());
  }

  private static boolean isStarting(VdiSession.Status status) {
    return status.phase() == Phase.PENDING || status.phase() == Phase.CREATING;
  }
}
