package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.plan.ObservedSession;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When a start that was given up is tried again: after 5 min, and when session or template change;
 * docs/specification.md, section 3, Startup timeout. A new leader waits 5 min again.
 *
 * <p>Not thread-safe: one worker at a time handles a session.
 */
final class StartRetry {
  private static final Duration DELAY = Duration.ofMinutes(5);

  private record GivenUp(Instant at, Optional<String> podHash) {}

  private Optional<GivenUp> givenUp = Optional.empty();

  /**
   * Whether to start the session again.
   *
   * @param podHash the hash of the desired pod; empty if it is unknown
   */
  boolean isDue(VdiSession session, Optional<String> podHash, Instant now) {
    if (!ObservedSession.startTimedOut(session)) {
      givenUp = Optional.empty();
      return false;
    }
    if (givenUp.isEmpty()) {
      givenUp = Optional.of(new GivenUp(now, podHash));
    }
    GivenUp since = givenUp.get();
    boolean changed = podHash.isPresent() && !podHash.equals(since.podHash());
    return changed || !now.isBefore(since.at().plus(DELAY));
  }
}
