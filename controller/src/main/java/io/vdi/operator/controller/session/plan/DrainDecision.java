package io.vdi.operator.controller.session.plan;

import java.time.Instant;
import java.util.Optional;

/** What happens to a desktop because of the state of its node; see {@link NodeDrain}. */
public sealed interface DrainDecision {
  /** The desktop has no pod on a node that is drained. */
  record None() implements DrainDecision {}

  /** The node is not in the cache. What was announced before stays. */
  record Unknown() implements DrainDecision {}

  /**
   * The operator does not stop the desktop.
   *
   * @param why such as "no other node can run it"
   */
  record Stays(String node, boolean removal, String why) implements DrainDecision {}

  /**
   * The controller stops the desktop at the deadline.
   *
   * @param announced whether the pod already has the deadline as an annotation
   */
  record Countdown(String node, boolean removal, Instant deadline, boolean announced)
      implements DrainDecision {}

  /** The deadline has passed: the pod is deleted, and then created on another node. */
  record Move(String node) implements DrainDecision {}

  /**
   * The pod is being deleted, or was deleted, and there is no other one yet.
   *
   * @param node of the pod; empty after it was deleted
   */
  record Moving(Optional<String> node) implements DrainDecision {}
}
