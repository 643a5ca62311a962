package io.vdi.operator.reaper.policy;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the reaper remembers about a session from earlier observations.
 *
 * @param failedSince when this process first observed the session as Failed; empty if it is not
 * @param announcedEnds the ends that the warnings which are out have announced, by reason
 */
public record SessionHistory(
    Activity activity, Optional<Instant> failedSince, Map<ReapReason, Instant> announcedEnds) {
  public SessionHistory {
    announcedEnds = Map.copyOf(announcedEnds);
  }
}
