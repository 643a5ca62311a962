package io.vdi.operator.controller;

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
 * next change of phase: without that, every session would cost two more writes while it starts.
 */
final class StatusPace {
  private static final Duration MESSAGE = Duration.ofSeconds(5);
  private static final Duration CONDITIONS = Duration.ofSeconds(10);

  private final Map<String, Instant> lastWrite = new ConcurrentHashMap<>();

  /** How long to wait before this status may be written; empty for now. */
  Optional<Duration> wait(
      String uid, VdiSession.Status before, VdiSession.Status status, Instant now) {
    Instant last = lastWrite.get(uid);
    if (last == null || isUrgent(before, status)) {
      return Optional.empty();
    }
    boolean sameMessage = before.message().equals(status.message());
    Duration left = Duration.between(now, last.plus(sameMessage ? CONDITIONS : MESSAGE));
    return left.isPositive() ? Optional.of(left) : Optional.empty();
  }

  void wrote(String uid, Instant now) {
    lastWrite.put(uid, now);
  }

  void forget(String uid) {
    lastWrite.remove(uid);
  }

  private static boolean isUrgent(VdiSession.Status before, VdiSession.Status status) {
    return before.phase() != status.phase()
        || before.observedGeneration() != status.observedGeneration()
        || !before.url().equals(status.url())
        || !Objects.equals(before.startTime(), status.startTime())
        || !Objects.equals(before.expiresAt(), status.expiresAt());
  }
}
