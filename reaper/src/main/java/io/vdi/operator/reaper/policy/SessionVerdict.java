package io.vdi.operator.reaper.policy;

import java.time.Instant;
import java.util.Optional;

/** What happens to a session, according to what is known now. */
public sealed interface SessionVerdict {
  /**
   * The session stays.
   *
   * @param until when to decide again; empty: not before an object changes
   */
  record Keep(Optional<Instant> until) implements SessionVerdict {
    static final Keep UNTIL_CHANGED = new Keep(Optional.empty());

    static Keep until(Instant instant) {
      return new Keep(Optional.of(instant));
    }
  }

  /**
   * The session stays, and its user is warned that it ends soon.
   *
   * @param due when it ends
   * @param until when to decide again
   */
  record Warn(ReapReason reason, Instant due, String message, Instant until)
      implements SessionVerdict {}

  /** The session is deleted. */
  record Expire(ReapReason reason, Instant due, String message) implements SessionVerdict {}

  /**
   * The session is deleted, but the controller has not removed its finalizer in time.
   *
   * @param since when it was deleted
   */
  record Stuck(Instant since, String message) implements SessionVerdict {}

  /** The end of the session cannot be computed. The session stays. */
  record Unknown(String reason) implements SessionVerdict {}
}
