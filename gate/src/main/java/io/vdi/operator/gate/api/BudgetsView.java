package io.vdi.operator.gate.api;

import io.vdi.operator.common.usage.GpuBudgets;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;

/**
 * Budgets of GPU hours and what is used of them; docs/specification.md, section 9.
 *
 * @param month which the budgets are for
 * @param renewsAt when it ends and they begin again
 * @param budgets users before groups, in the order of their names
 */
public record BudgetsView(YearMonth month, Instant renewsAt, List<GpuBudgets.Budget> budgets) {
  public BudgetsView {
    budgets = List.copyOf(budgets);
  }
}
