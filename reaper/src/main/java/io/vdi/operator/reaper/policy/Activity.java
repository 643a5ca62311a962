package io.vdi.operator.reaper.policy;

import java.time.Instant;

/** What is known about people at a desktop. */
public sealed interface Activity {
  /** Nothing: it was not asked, or gives no answer. Unknown is never idle. */
  record Unknown() implements Activity {}

  /** Somebody was connected then. */
  record Connected(Instant asOf) implements Activity {}

  /**
   * Nobody was connected then.
   *
   * @param since when somebody was, or may have been, connected for the last time
   */
  record Idle(Instant since, Instant asOf) implements Activity {}
}
