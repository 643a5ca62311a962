package io.vdi.operator.controller.session;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When all objects of one session are written again, also those with an equal hash, so that changes
 * by others are reverted; docs/specification.md, section 3, Resync. The first time is hours after
 * the start and differs between sessions, so that a restart of the controller writes nothing.
 *
 * <p>Not thread-safe: one worker at a time handles a session.
 */
final class ResyncSchedule {
  private static final Duration PERIOD = Duration.ofHours(4);

  private final RandomGenerator random;
  private Optional<Instant> due = Optional.empty();

  ResyncSchedule(RandomGenerator random) {
    this.random = random;
  }

  boolean isDue(Instant now) {
    if (due.isEmpty()) {
      done(now);
    }
    return due.filter(time -> !now.isBefore(time)).isPresent();
  }

  /** Schedules the next resync, 4 to 8 hours later. */
  void done(Instant now) {
    due = Optional.of(now.plus(PERIOD).plusSeconds(random.nextLong(PERIOD.toSeconds())));
  }
}
