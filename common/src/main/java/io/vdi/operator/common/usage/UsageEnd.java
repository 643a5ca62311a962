package io.vdi.operator.common.usage;

/** Why a desktop ended; docs/specification.md, section 9. */
public enum UsageEnd {
  /** The session was deleted. */
  DELETED("Deleted"),
  /** The reaper deleted the session after its timeout. */
  EXPIRED("Expired"),
  /** The reaper suspended or deleted the session because nobody used it. */
  IDLE("Idle"),
  /** The schedule suspended the session. */
  SCHEDULE("Schedule"),
  /** The budget of its user or a group is spent. */
  BUDGET("Budget"),
  /** The session was suspended. */
  SUSPENDED("Suspended"),
  /** The node was drained. */
  DRAINED("Drained"),
  /** The pod ended by itself, such as by an eviction. */
  FAILED("Failed"),
  /** Another client deleted the pod. */
  POD_DELETED("PodDeleted"),
  /** The pod disappeared while no controller worked; the end is the last that one observed. */
  LOST("Lost");

  private final String text;

  UsageEnd(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }
}
