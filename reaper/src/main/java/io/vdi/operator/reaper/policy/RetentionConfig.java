package io.vdi.operator.reaper.policy;

import java.time.Duration;

/**
 * The settings that determine what is deleted when.
 *
 * @param warningBefore how long the user of a session is warned before its end
 * @param failedSessionTtl how long a Failed session stays that never ran; zero: it is never deleted
 * @param deleteNeverStarted whether sessions are deleted that were not ready within the startup
 *     timeout of their template
 * @param terminatingTimeout how long the controller can take to remove the finalizer of a deleted
 *     session
 * @param orphanGracePeriod how long a child without a session stays
 * @param homeRetention how long a home stays that no session uses; zero: it is never deleted
 * @param schedule when sessions are resumed
 */
public record RetentionConfig(
    Duration warningBefore,
    Duration failedSessionTtl,
    boolean deleteNeverStarted,
    Duration terminatingTimeout,
    Duration orphanGracePeriod,
    Duration homeRetention,
    ScheduleConfig schedule) {}
