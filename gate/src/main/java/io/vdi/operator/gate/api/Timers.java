package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.IdleAction;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When a session ends or sleeps, by the clock of the API server. The times of a session that has
 * not started, or is suspended, are empty.
 *
 * @param startedAt since when the timeout counts
 * @param timeout how long the session may run
 * @param maxTimeout the longest timeout that the template allows; empty: no limit
 * @param endsAt when the session is deleted
 * @param lastActivityAt when somebody used the desktop last; empty if nobody did
 * @param idleTimeout empty: an unused session stays
 * @param sleepsAt when the session becomes idle if nobody uses it; empty while it is not known
 * @param idleAction what happens then
 * @param stopsAt when the schedule suspends the session; empty: the schedule does not
 */
public record Timers(
    Optional<Instant> startedAt,
    Duration timeout,
    Optional<Duration> maxTimeout,
    Optional<Instant> endsAt,
    Optional<Instant> lastActivityAt,
    Optional<Duration> idleTimeout,
    Optional<Instant> sleepsAt,
    IdleAction idleAction,
    Optional<Instant> stopsAt) {
  /**
   * Whether the template allows that the session continues for longer than this after its next end.
   * A stop of the schedule can be postponed also where the timeout cannot be raised.
   */
  public boolean canExtend(Duration by) {
    Duration next =
        startedAt
            .flatMap(start -> stopsAt.map(stop -> Duration.between(start, stop)))
            .filter(untilStop -> untilStop.compareTo(timeout) < 0)
            .orElse(timeout);
    Duration extended = next.plus(by);
    return maxTimeout
        .filter(max -> by.isZero() ? extended.compareTo(max) >= 0 : extended.compareTo(max) > 0)
        .isEmpty();
  }
}
