package io.vdi.operator.reaper.execution;

import io.vdi.operator.reaper.policy.RetentionConfig;
import java.time.Duration;

/**
 * How the reaper goes about it, as configured now.
 *
 * @param dryRun nothing is written
 * @param forceFinalize whether stuck sessions are let go of in the controller's place
 * @param deletionsPerMinute of everything together
 */
public record ReapConfig(
    RetentionConfig rules,
    boolean dryRun,
    boolean forceFinalize,
    int deletionsPerMinute,
    MassDeletion massDeletion) {

  /**
   * When so many sessions would go that none is deleted.
   *
   * @param percent more than this part of all sessions is too many
   * @param minimum fewer than this number is never too many
   * @param confirmed that all of them shall go
   * @param window the time over which deletions count together
   */
  public record MassDeletion(int percent, int minimum, boolean confirmed, Duration window) {}
}
