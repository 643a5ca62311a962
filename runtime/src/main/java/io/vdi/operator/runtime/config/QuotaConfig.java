package io.vdi.operator.runtime.config;

import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaParser;
import io.vdi.operator.common.usage.GpuBudgets;
import java.util.ArrayList;
import java.util.List;

/** The settings {@code quota.*}, which the controller and the admission webhook share. */
public final class QuotaConfig {
  private QuotaConfig() {}

  /** Reads section {@code quota}. The reader collects the problems. */
  public static QuotaLimits read(ConfigReader read) {
    List<String> problems = new ArrayList<>();
    QuotaLimits limits = QuotaParser.parse(read.object("quota"), problems);
    problems.forEach(read::problem);
    return limits;
  }

  /** Reads section {@code quota.budgets}. The reader collects the problems. */
  public static GpuBudgets budgets(ConfigReader read) {
    List<String> problems = new ArrayList<>();
    GpuBudgets budgets = GpuBudgets.parse(read.object("quota"), problems);
    problems.forEach(read::problem);
    return budgets;
  }
}
