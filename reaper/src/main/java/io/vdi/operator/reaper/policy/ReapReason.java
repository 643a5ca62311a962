package io.vdi.operator.reaper.policy;

/** Why the reaper deletes something. */
public enum ReapReason {
  TIMEOUT("timeout"),
  IDLE("idle"),
  NEVER_STARTED("neverStarted"),
  FAILED("failed"),
  ORPHAN("orphan"),
  HOME_RETENTION("homeRetention"),
  /** A deleted session whose finalizer the controller has not removed. */
  STUCK("stuck");

  private final String text;

  ReapReason(String text) {
    this.text = text;
  }

  /** The value of the label {@code reason} of {@code vdi_reaped_total}. */
  public String text() {
    return text;
  }
}
