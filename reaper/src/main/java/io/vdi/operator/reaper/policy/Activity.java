package io.vdi.operator.reaper.policy;

import java.time.Instant;

/** What is known about the clients of a desktop. */
public sealed interface Activity {
  /** Nothing: the desktop was not asked, or did not answer. Unknown never counts as idle. */
  record Unknown() implements Activity {}

  /** At least one client was connected at this time. */
  record Connected(Instant asOf) implements Activity {}

  /**
   * No client was connected at the time {@code asOf}.
   *
   * @param since the last time at which a client was, or may have been, connected
   */
  record Idle(Instant since, Instant asOf) implements Activity {}
}
