package io.vdi.operator.common.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DefaultsTest {
  @Test
  void theOperatorsWordWhereNobodyElseSaysAnything() {
    Defaults.EffectiveSpec complete = complete("{}", "{}");
    assertEquals(
        new Defaults.EffectiveSpec(
            1,
            "4Gi",
            "2",
            true,
            "10Gi",
            Optional.empty(),
            ReclaimPolicy.DELETE,
            Duration.ofHours(8),
            Optional.empty(),
            Optional.empty(),
            Duration.ofMinutes(10),
            List.of()),
        complete);
  }

  @Test
  void theTemplatesWordBeforeTheOperators() {
    Defaults.EffectiveSpec complete =
        complete(
            "{}",
            """
            {resources: {defaultGPU: 0, defaultMemory: 8Gi, defaultCPU: "4"}, timeout: 2h,
             idleTimeout: 30m, maxTimeout: 3h, startupTimeout: 1m,
             persistence: {size: 20Gi, storageClassName: fast, reclaimPolicy: Retain}}
            """);
    assertEquals(
        new Defaults.EffectiveSpec(
            0,
            "8Gi",
            "4",
            true,
            "20Gi",
            Optional.of("fast"),
            ReclaimPolicy.RETAIN,
            Duration.ofHours(2),
            Optional.of(Duration.ofMinutes(30)),
            Optional.of(Duration.ofHours(3)),
            Duration.ofMinutes(1),
            List.of()),
        complete);
  }

  @Test
  void theSessionsWordBeforeAll() {
    Defaults.EffectiveSpec complete =
        complete(
            """
            {resources: {gpu: 2, memory: 1Gi, cpu: 500m}, timeout: 45s, idleTimeout: 5m,
             persistence: {enabled: false, size: 1Gi, storageClassName: slow, reclaimPolicy: Delete}}
            """,
            """
            {resources: {defaultGPU: 0, defaultMemory: 8Gi}, timeout: 2h, idleTimeout: 30m,
             persistence: {size: 20Gi, storageClassName: fast, reclaimPolicy: Retain}}
            """);
    assertEquals(
        new Defaults.EffectiveSpec(
            2,
            "1Gi",
            "500m",
            false,
            "1Gi",
            Optional.of("slow"),
            ReclaimPolicy.DELETE,
            Duration.ofSeconds(45),
            Optional.of(Duration.ofMinutes(5)),
            Optional.empty(),
            Duration.ofMinutes(10),
            List.of()),
        complete);
  }

  @Test
  void noSessionLivesLongerThanItsTemplateAllows() {
    assertEquals(Duration.ofHours(1), complete("{timeout: 2h}", "{maxTimeout: 1h}").lifetime());
    assertEquals(Duration.ofHours(2), complete("{timeout: 2h}", "{maxTimeout: 3h}").lifetime());
    assertEquals(Duration.ofHours(4), complete("{}", "{maxTimeout: 4h}").lifetime());
    assertEquals(Duration.ofHours(8), complete("{}", "{}").lifetime());
  }

  @Test
  void illegalValuesAreAllNamed() {
    Defaults.EffectiveSpec complete =
        complete(
            "{resources: {memory: lots, cpu: '0'}, timeout: soon, persistence: {size: -1}}", "{}");
    assertEquals(
        List.of(
            "resources.memory \"lots\" is not a quantity above zero, such as 4Gi",
            "resources.cpu \"0\" is not a quantity above zero, such as 2",
            "persistence.size \"-1\" is not a quantity above zero, such as 10Gi",
            "timeout \"soon\" is not a duration above zero, such as 8h or 1h30m"),
        complete.problems());
  }

  private static Defaults.EffectiveSpec complete(String session, String template) {
    return Defaults.effectiveSpec(
        KubeGson.gson().fromJson(session, VdiSession.Spec.class),
        KubeGson.gson().fromJson(template, VdiTemplate.Spec.class));
  }
}
