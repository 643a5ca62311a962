package io.vdi.operator.controller.session.plan;

/**
 * One write of a plan and its place in the order of writes; docs/specification.md, section 3, Order
 * of writes. The steps of one order do not depend on each other.
 */
public record Step(Order order, Action action) {
  /** The orders, in which the steps are executed. */
  public enum Order {
    /** Stops and deletions. Nothing can prevent them. */
    STOP,
    /** Before the first creation, so that a deleted session is always cleaned up. */
    FINALIZER,
    /** What routes need to ask the gate, before the routes. */
    GUARD,
    /** What the pod mounts or reads, and what makes it reachable. */
    DEPENDENCY,
    POD,
    /** Improvements of objects that work without them. */
    OPTIONAL,
    /** The Role for the session's Secret, after the Secret. Optional. */
    ACCESS,
    /** The RoleBinding, after the Role has the rules that the controller writes. Optional. */
    GRANT,
    /** Removes the finalizer, after everything that the controller does for a deleted session. */
    RELEASE
  }
}
