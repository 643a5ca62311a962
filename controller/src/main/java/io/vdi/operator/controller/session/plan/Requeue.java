package io.vdi.operator.controller.session.plan;

import java.time.Duration;

/** When to check the session again if nothing changes before. */
public sealed interface Requeue {
  /** After the regular period; docs/specification.md, section 3, Period. */
  record Settled() implements Requeue {}

  /** After this delay, if it is shorter than the regular period. */
  record RecheckAfter(Duration delay) implements Requeue {}
}
