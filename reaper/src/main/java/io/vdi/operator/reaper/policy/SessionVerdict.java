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
   * The session ends soon, and its user must be warned now. It ends only after the warning has been
   * out for {@link Deadline#lead}.
   *
   * @param message for the Event
   */
  record Warn(Deadline deadline, String message) implements SessionVerdict {}

  /**
   * The session ends soon, and its user was warned.
   *
   * @param end when it ends
   * @param message as in the Event
   * @param until when to decide again
   */
  record Ending(Deadline deadline, Instant end, String message, Instant until)
      implements SessionVerdict {}

  /**
   * The session is deleted, and its home is kept.
   *
   * @param due when its end was due
   */
  record Expire(ReapReason reason, Instant due, String message) implements SessionVerdict {}

  /**
   * The session is suspended.
   *
   * @param due when this was due
   */
  record Suspend(ReapReason reason, Instant due, String message) implements SessionVerdict {}

  /**
   * The schedule of the session resumes it.
   *
   * @param due when this was due
   */
  record Resume(Instant due, String message) implements SessionVerdict {}

  /**
   * The session is deleted, but the controller has not removed its finalizer in time.
   *
   * @param since when it was deleted
   * @param keepsHome whether its home outlives it: the reaper ended it, its reclaim policy is
   *     {@code Retain}, or the policy is unknown
   */
  record Stuck(Instant since, String message, boolean keepsHome) implements SessionVerdict {}

  /** The end of the session cannot be computed. The session stays. */
  record Unknown(String reason) implements SessionVerdict {}
}
