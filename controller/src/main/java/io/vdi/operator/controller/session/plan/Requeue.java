package io.vdi.operator.controller.session.plan;

import java.time.Duration;

/** When to look at the session again if nothing changes before. */
public sealed interface Requeue {
  /** At rest: once in a while, to be sure. */
  record Settled() implements Requeue {}

  record RecheckAfter(Duration delay, String why) implements Requeue {}
}
