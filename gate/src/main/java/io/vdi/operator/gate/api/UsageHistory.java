package io.vdi.operator.gate.api;

import io.vdi.operator.common.usage.UsageReport;
import java.time.Instant;
import java.time.ZoneId;

/**
 * How much desktops were used.
 *
 * @param to not in the future
 * @param zone of the borders of months
 */
public record UsageHistory(Instant from, Instant to, ZoneId zone, UsageReport report) {}
