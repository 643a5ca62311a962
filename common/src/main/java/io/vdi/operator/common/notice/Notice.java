package io.vdi.operator.common.notice;

import io.vdi.operator.common.model.SessionKey;
import java.time.Instant;

/**
 * What the user of a session is told once; docs/specification.md, section 5.
 *
 * @param id the same for everybody who derives the notice: it follows from the UID of the session,
 *     the kind and {@code at}
 * @param reason such as {@code timeout}, {@code idle} or {@code schedule}; for {@link
 *     Kind#NODE_DRAINING} what the controller says about the drain; may be empty
 * @param user the e-mail of the session's user
 * @param url where the desktop opens; empty text while it has no address
 * @param at the time that the notice is about, in whole seconds
 * @param until from then on nobody needs to be told any more
 */
public record Notice(
    String id,
    Kind kind,
    String reason,
    SessionKey session,
    String uid,
    String user,
    String template,
    String url,
    Instant at,
    Instant until) {

  /** What a notice is about. */
  public enum Kind {
    /** The session is deleted soon. */
    EXPIRES_SOON("ExpiresSoon"),
    /** The reaper has deleted the session. */
    EXPIRED("Expired"),
    /** The session is suspended soon. */
    SLEEPS_SOON("SleepsSoon"),
    /** The reaper has suspended the session. */
    SUSPENDED("Suspended"),
    /** The node of the desktop is drained. */
    NODE_DRAINING("NodeDraining"),
    /** The session has waited for quota and can start now. */
    QUOTA_FREED("QuotaFreed");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** The name in CloudEvents and in the label {@code kind} of metrics. */
    public String text() {
      return text;
    }
  }
}
