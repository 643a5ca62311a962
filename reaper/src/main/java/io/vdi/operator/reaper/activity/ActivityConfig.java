package io.vdi.operator.reaper.activity;

import java.time.Duration;

/**
 * The settings that determine how desktops are asked.
 *
 * @param interval how often a desktop is asked; more often if its idle timeout is short
 * @param timeout how long a desktop can take to answer
 * @param statusInterval how old {@code status.lastActivityTime} can become while a client uses the
 *     desktop
 * @param maxConcurrentRequests how many desktops are asked concurrently; read at the start only
 * @param dryRun nothing is written
 */
public record ActivityConfig(
    Duration interval,
    Duration timeout,
    Duration statusInterval,
    int maxConcurrentRequests,
    boolean dryRun) {}
