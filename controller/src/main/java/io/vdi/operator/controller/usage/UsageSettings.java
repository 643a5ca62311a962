package io.vdi.operator.controller.usage;

import io.vdi.operator.common.usage.GpuBudgets;
import java.time.Duration;
import java.time.ZoneId;

/**
 * @param retention how long intervals are kept after their end; zero: none are recorded
 * @param zone in which the months of budgets begin
 */
public record UsageSettings(Duration retention, GpuBudgets budgets, ZoneId zone) {}
