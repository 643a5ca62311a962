package io.vdi.operator.reaper.policy;

import java.time.Instant;
import java.util.Optional;

/** What is to become of something, as far as is known now. */
public sealed interface Verdict {
  /**
   * It stays.
   *
   * @param until when to look again; empty: not before something changes
   */
  record Keep(Optional<Instant> until) implements Verdict {
    static final Keep FOR_NOW = new Keep(Optional.empty());

    static Keep until(Instant instant) {
      return new Keep(Optional.of(instant));
    }
  }

  /**
   * A session stays for now, and its user should know that it ends soon.
   *
   * @param due when it ends
   * @param until when to look again
   */
  record Warn(ReapReason reason, Instant due, String message, Instant until) implements Verdict {}

  /** A session goes. */
  record Expire(ReapReason reason, Instant due, String message) implements Verdict {}

  /** An object, or a home, that nobody has any more goes. */
  record Orphan(ReapReason reason, Instant due, String message) implements Verdict {}

  /**
   * A home stays, and what is written on it about who has it is not right any more.
   *
   * @param since when its last session was found gone; empty: a session has it again
   */
  record Note(Optional<Instant> since) implements Verdict {}

  /** A session that was deleted and does not go: its controller has not let go of it. */
  record Stuck(Instant since, String message) implements Verdict {}

  /** It cannot be said; so it stays. */
  record Unknown(String why) implements Verdict {}
}
