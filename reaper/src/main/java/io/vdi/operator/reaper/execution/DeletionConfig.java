package io.vdi.operator.reaper.execution;

import java.time.Duration;

/**
 * The settings that limit deletions.
 *
 * @param dryRun nothing is written; log, metrics and report show what would be deleted
 * @param forceFinalize whether the reaper removes the finalizer of stuck sessions
 * @param maxPerMinute limit for sessions, orphans and homes together
 */
public record DeletionConfig(
    boolean dryRun, boolean forceFinalize, int maxPerMinute, MassDeletionConfig massDeletion) {

  /**
   * When too many sessions would be deleted, so that none is.
   *
   * @param percent a larger share of all sessions is too many
   * @param minimum a smaller number is never too many
   * @param confirmed true: there is no such limit
   * @param window deletions within this time count together
   */
  public record MassDeletionConfig(int percent, int minimum, boolean confirmed, Duration window) {}
}
