package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Hashes;
import java.time.Duration;
import java.time.Instant;

/**
 * How the schedules of sessions are carried out.
 *
 * @param startSpread how long before the start of a window sessions are resumed at the earliest
 * @param startingDeadline how long after its time a start that was missed is still carried out
 */
public record ScheduleConfig(Duration startSpread, Duration startingDeadline) {
  /**
   * How much earlier than the start of a window a session is resumed: from half of {@code
   * startSpread}, so that the desktop is up in time, to all of it, so that not all sessions of a
   * course start concurrently. The order of the sessions differs from start to start.
   */
  Duration lead(String uid, Instant start) {
    long half = startSpread.toSeconds() / 2;
    long hash = Long.parseLong(Hashes.sha256(uid + start, 8), 16);
    return Duration.ofSeconds(half + hash % (half + 1));
  }
}
