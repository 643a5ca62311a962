package io.vdi.operator.e2e.doctor;

import io.vdi.operator.devcluster.testing.ChaosBudget;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Decides which groups of {@link FaultsIT} run: a random sample in {@code make test}, because all
 * of them take eight minutes, and every group in {@code make chaos}. {@code
 * -Dvdi.chaos.filter=Gpus} runs one group.
 */
final class SampledGroups implements ExecutionCondition {
  private static final int SAMPLE = 3;

  /** Always run, because it shows that the doctor finds nothing when nothing is wrong. */
  private static final Class<?> HEALTHY = FaultsIT.Healthy.class;

  /** Runs when every group runs, because it requires that together they name every cause. */
  private static final Class<?> CATALOGUE = FaultsIT.Catalogue.class;

  /** Installs a gate and a provider, which takes minutes: never in a sample. */
  private static final Class<?> GATE = FaultsIT.Gate.class;

  private static final ChaosBudget BUDGET = new ChaosBudget();
  private static final List<Class<?>> GROUPS =
      Arrays.stream(FaultsIT.class.getDeclaredClasses())
          .filter(group -> group != HEALTHY && group != CATALOGUE)
          .filter(group -> group != GATE || ChaosBudget.COMPLETE)
          .<Class<?>>map(group -> group)
          .sorted((a, b) -> a.getName().compareTo(b.getName()))
          .toList();
  private static final Set<Class<?>> SELECTED = Set.copyOf(BUDGET.sample(GROUPS, SAMPLE));

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Class<?> group = context.getRequiredTestClass();
    boolean enabled =
        group == FaultsIT.class
            || group == HEALTHY
            || (group == CATALOGUE
                ? ChaosBudget.COMPLETE && SELECTED.size() == GROUPS.size()
                : SELECTED.contains(group));
    return enabled
        ? ConditionEvaluationResult.enabled(BUDGET.toString())
        : ConditionEvaluationResult.disabled("not in the sample of " + BUDGET);
  }
}
