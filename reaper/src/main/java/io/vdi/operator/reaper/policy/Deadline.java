package io.vdi.operator.reaper.policy;

import java.time.Duration;
import java.time.Instant;

/**
 * One reason for which a session ends, and when.
 *
 * @param at when it ends, provided that its user was warned {@code lead} before
 * @param lead how long the warning is out before the session ends
 * @param revision identifies the version of the specs that the deadline is computed from. A
 *     deadline that is withdrawn and then set to the same time again has another one
 * @param message "its timeout of 8h is reached"
 * @param remedy what the user can do, or empty
 */
public record Deadline(
    ReapReason reason,
    Action action,
    Instant at,
    Duration lead,
    String revision,
    String message,
    String remedy) {

  /** What happens to the session at its end. */
  public enum Action {
    DELETE,
    SUSPEND
  }

  Instant warningDue() {
    return at.minus(lead);
  }

  /**
   * When the session ends: at the deadline, but not before the warning has been out for its time.
   *
   * @param since when the warning was recorded
   */
  public Instant endIfWarnedAt(Instant since) {
    Instant warned = since.plus(lead);
    return warned.isAfter(at) ? warned : at;
  }
}
