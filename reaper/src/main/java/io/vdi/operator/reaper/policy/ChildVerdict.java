package io.vdi.operator.reaper.policy;

import java.time.Instant;

/** What happens to a child that has a session as its owner, or should have one. */
public sealed interface ChildVerdict {
  /** Nothing: its session exists, it is being deleted, or an annotation protects it. */
  record Ignore() implements ChildVerdict {}

  /** Its session does not exist, and the grace period lasts until this time. */
  record Wait(Instant due) implements ChildVerdict {}

  /** Its session does not exist, and the grace period is over. */
  record Delete(Instant due, String message) implements ChildVerdict {}
}
