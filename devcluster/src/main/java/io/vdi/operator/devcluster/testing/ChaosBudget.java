package io.vdi.operator.devcluster.testing;

import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How much of a perturbation test runs. {@code make test} runs a random sample, {@code make chaos}
 * everything. A failure names the seed; {@code -Dvdi.chaos.seed} repeats its sample, {@code
 * -Dvdi.chaos.filter} runs single cases.
 */
public final class ChaosBudget {
  /** Whether everything runs. */
  public static final boolean COMPLETE = Boolean.getBoolean("vdi.chaos");

  /** Runs only the cases whose description contains this text. */
  private static final String FILTER = System.getProperty("vdi.chaos.filter", "");

  private final long seed =
      Long.getLong("vdi.chaos.seed", ThreadLocalRandom.current().nextLong(1_000_000));
  private final Random random = new Random(seed);

  /** All of them, or as many as the budget allows. */
  public <T> List<T> sample(List<T> cases, int size) {
    List<T> all = cases.stream().filter(one -> one.toString().contains(FILTER)).toList();
    if (COMPLETE || all.size() <= size) {
      return all;
    }
    return random.ints(0, all.size()).distinct().limit(size).sorted().mapToObj(all::get).toList();
  }

  @Override
  public String toString() {
    return COMPLETE ? "make chaos" : "-Dvdi.chaos.seed=" + seed;
  }
}
