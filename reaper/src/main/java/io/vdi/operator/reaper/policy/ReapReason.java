package io.vdi.operator.reaper.policy;

/** Why the reaper deletes something, or suspends a session. */
public enum ReapReason {
  TIMEOUT("timeout"),
  /** With {@code idleAction: Suspend} the session is suspended, and nothing is deleted. */
  IDLE("idle"),
  NEVER_STARTED("neverStarted"),
  FAILED("failed"),
  /** A stop of its schedule: the session is suspended, and nothing is deleted. */
  SCHEDULE("schedule"),
  /** Suspended for longer than {@code deleteAfterSuspended} of the template. */
  SUSPENDED("suspended"),
  ORPHAN("orphan"),
  HOME_RETENTION("homeRetention"),
  /** A deleted session whose finalizer the controller has not removed. */
  STUCK("stuck");

  private final String text;

  ReapReason(String text) {
    this.text = text;
  }

  /**
   * The value of the label {@code reason} of {@code vdi_reaped_total}, and of the annotation {@code
   * vdi.kasm.io/ended-by}.
   */
  public String text() {
    return text;
  }
}
