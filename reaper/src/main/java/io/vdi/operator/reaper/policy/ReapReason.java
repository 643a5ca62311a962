package io.vdi.operator.reaper.policy;

/** Why something goes; the label of {@code vdi_reaped_total}. */
public enum ReapReason {
  TIMEOUT("timeout"),
  IDLE("idle"),
  NEVER_STARTED("neverStarted"),
  FAILED("failed"),
  ORPHAN("orphan"),
  HOME_RETENTION("homeRetention"),
  /** A deleted session that the controller has not let go of. */
  STUCK("stuck");

  private final String text;

  ReapReason(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }
}
