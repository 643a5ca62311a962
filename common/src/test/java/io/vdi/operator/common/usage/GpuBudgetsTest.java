package io.vdi.operator.common.usage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.GpuBudgets.Budget;
import io.vdi.operator.common.usage.GpuBudgets.Holder;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GpuBudgetsTest {
  private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");

  private final List<String> problems = new ArrayList<>();

  @Test
  void withoutTheSectionThereIsNoBudget() {
    assertThat(parse("{}")).isEqualTo(GpuBudgets.NONE);
    assertThat(parse("{budgets: {user: {gpuHours: unlimited}}}").isSet()).isFalse();
    assertThat(parse("{budgets: {group: {exceptions: [{name: lab, gpuHours: 1}]}}}").isSet())
        .isTrue();
  }

  @Test
  void eachSpentBudgetIsNamed() {
    GpuBudgets budgets =
        parse(
            "{budgets: {user: {gpuHours: 2, exceptions: [{name: Bob@example.com, gpuHours:"
                + " unlimited}]}, group: {exceptions: [{name: lab, gpuHours: 4}, {name: art,"
                + " gpuHours: 0}]}, whenSpent: suspend}}");
    assertThat(budgets.whenSpent()).isEqualTo(GpuBudgets.WhenSpent.SUSPEND);
    GpuUse.Sum sum = new GpuUse.Sum(NOW, ZoneOffset.UTC);
    // Only the hour of this month counts, with two GPUs.
    sum.add(interval("Alice@example.com", "2026-10-31T20:00:00Z", "2026-11-01T01:00:00Z"));
    sum.add(interval("bob@example.com", "2026-11-26T11:00:00Z", ""));
    GpuUse use = sum.result();
    assertThat(budgets.spent("alice@EXAMPLE.com", List.of("lab", "staff"), use, ZoneOffset.UTC))
        .containsExactly(
            "GPU hour quota exceeded for user alice@EXAMPLE.com: used 2 of 2 hours in 2026-11; it"
                + " begins again at 2026-12-01T00:00:00Z",
            "GPU hour quota exceeded for group lab: used 4 of 4 hours in 2026-11; it begins again"
                + " at 2026-12-01T00:00:00Z");
    assertThat(budgets.spent("bob@example.com", List.of(), use, ZoneOffset.UTC)).isEmpty();
    assertThat(budgets.spent("carol@example.com", List.of("art"), use, ZoneOffset.UTC))
        .singleElement()
        .asString()
        .contains("group art: used 0 of 0 hours");
  }

  @Test
  void budgetsAreThoseOfUseAndOfExceptions() {
    GpuBudgets budgets =
        parse(
            "{budgets: {user: {gpuHours: 2, exceptions: [{name: Carol@example.com, gpuHours: 3},"
                + " {name: bob@example.com, gpuHours: unlimited}]}, group: {exceptions: [{name:"
                + " lab, gpuHours: 4}]}}}");
    GpuUse.Sum sum = new GpuUse.Sum(NOW, ZoneOffset.UTC);
    sum.add(interval("Alice@example.com", "2026-11-26T11:00:00Z", ""));
    sum.add(interval("bob@example.com", "2026-11-26T11:00:00Z", ""));
    assertThat(budgets.ofAll(sum.result()))
        .containsExactly(
            new Budget(Holder.USER, "alice@example.com", 2 * 3600, 2 * 3600),
            new Budget(Holder.USER, "carol@example.com", 0, 3 * 3600),
            new Budget(Holder.GROUP, "lab", 4 * 3600, 4 * 3600));
    assertThat(budgets.of("Bob@example.com", List.of("lab", "art"), sum.result()))
        .containsExactly(new Budget(Holder.GROUP, "lab", 4 * 3600, 4 * 3600));
    assertThat(GpuBudgets.NONE.ofAll(sum.result())).isEmpty();
  }

  @Test
  void invalidValuesAreNamed() {
    parse("{budgets: {user: {gpuHours: -1}, group: {exceptions: [{gpuHours: x}]}, whenSpent: no}}");
    assertThat(problems)
        .containsExactly(
            "quota.budgets.whenSpent \"no\" must be one of keep, suspend",
            "quota.budgets.user.gpuHours \"-1\" must be a whole number, or unlimited",
            "quota.budgets.group.exceptions: each needs a name",
            "quota.budgets.group.exceptions : gpuHours \"x\" must be a whole number, or"
                + " unlimited");
  }

  private GpuBudgets parse(String quota) {
    return GpuBudgets.parse(JsonParser.parseString(quota).getAsJsonObject(), problems);
  }

  private static VdiUsage.Spec interval(String user, String from, String to) {
    return new VdiUsage.Spec(
        new VdiUsage.Session("desks", "desk", "uid"),
        user,
        List.of("lab"),
        "ubuntu",
        new VdiUsage.Gpu("nvidia.com/gpu", 2),
        Instant.parse(from),
        to.isEmpty() ? null : Instant.parse(to),
        null);
  }
}
