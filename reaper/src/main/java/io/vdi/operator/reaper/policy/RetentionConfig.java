package io.vdi.operator.reaper.policy;

import java.time.Duration;

/**
 * The settings that judgement needs; {@link Duration#ZERO} stands for never.
 *
 * @param warningBefore how long before its end a session is warned
 * @param failedSessionTtl how long a Failed session stays
 * @param deleteNeverStarted whether sessions go that were not ready in their startup timeout
 * @param terminatingTimeout how long the controller may take to let go of a deleted session
 * @param orphanGracePeriod how long an orphan stays
 * @param homeRetention how long a home stays that no session has
 */
public record RetentionConfig(
    Duration warningBefore,
    Duration failedSessionTtl,
    boolean deleteNeverStarted,
    Duration terminatingTimeout,
    Duration orphanGracePeriod,
    Duration homeRetention) {}
