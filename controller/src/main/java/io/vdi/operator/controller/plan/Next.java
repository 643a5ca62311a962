package io.vdi.operator.controller.plan;

import java.time.Duration;

/** When to look at the session again if nothing changes before. */
public sealed interface Next {
  /** At rest: once in a while, to be sure. */
  record Settled() implements Next {}

  record RecheckAfter(Duration delay, String why) implements Next {}
}
