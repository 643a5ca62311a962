package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DefaultsTest {
  @Test
  @DisplayName("without any value the defaults of the operator apply")
  void operatorDefaults() {
    Defaults.EffectiveSpec effective = effective("{}", "{}");
    assertThat(effective)
        .isEqualTo(
            new Defaults.EffectiveSpec(
                1,
                "4Gi",
                "2",
                "10Gi",
                true,
                "10Gi",
                Optional.empty(),
                ReclaimPolicy.DELETE,
                Duration.ofHours(8),
                Optional.empty(),
                IdleAction.SUSPEND,
                Optional.empty(),
                Optional.empty(),
                Duration.ofMinutes(10),
                Optional.empty(),
                Schedule.NONE,
                List.of()));
  }

  @Test
  @DisplayName("values of the template override the defaults of the operator")
  void templateValues() {
    Defaults.EffectiveSpec effective =
        effective(
            "{}",
            """
            {resources: {defaultGPU: 0, defaultMemory: 8Gi, defaultCPU: "4",
              ephemeralStorage: 5Gi}, timeout: 2h,
             idleTimeout: 30m, idleAction: Delete, deleteAfterSuspended: 720h,
             maxTimeout: 3h, startupTimeout: 1m, drainGrace: 20m,
             persistence: {size: 20Gi, storageClassName: fast, reclaimPolicy: Retain}}
            """);
    assertThat(effective)
        .isEqualTo(
            new Defaults.EffectiveSpec(
                0,
                "8Gi",
                "4",
                "5Gi",
                true,
                "20Gi",
                Optional.of("fast"),
                ReclaimPolicy.RETAIN,
                Duration.ofHours(2),
                Optional.of(Duration.ofMinutes(30)),
                IdleAction.DELETE,
                Optional.of(Duration.ofDays(30)),
                Optional.of(Duration.ofHours(3)),
                Duration.ofMinutes(1),
                Optional.of(Duration.ofMinutes(20)),
                Schedule.NONE,
                List.of()));
  }

  @Test
  @DisplayName("values of the session override those of its template")
  void sessionValues() {
    Defaults.EffectiveSpec effective =
        effective(
            """
            {resources: {gpu: 2, memory: 1Gi, cpu: 500m}, timeout: 45s, idleTimeout: 5m,
             idleAction: Suspend,
             persistence: {enabled: false, size: 1Gi, storageClassName: slow, reclaimPolicy: Delete}}
            """,
            """
            {resources: {defaultGPU: 0, defaultMemory: 8Gi}, timeout: 2h, idleTimeout: 30m,
             idleAction: Delete,
             persistence: {size: 20Gi, storageClassName: fast, reclaimPolicy: Retain}}
            """);
    assertThat(effective)
        .isEqualTo(
            new Defaults.EffectiveSpec(
                2,
                "1Gi",
                "500m",
                "10Gi",
                false,
                "1Gi",
                Optional.of("slow"),
                ReclaimPolicy.DELETE,
                Duration.ofSeconds(45),
                Optional.of(Duration.ofMinutes(5)),
                IdleAction.SUSPEND,
                Optional.empty(),
                Optional.empty(),
                Duration.ofMinutes(10),
                Optional.empty(),
                Schedule.NONE,
                List.of()));
  }

  @Test
  @DisplayName("the size of the home is at most the maxSize of the template")
  void maxSize() {
    assertThat(effective("{persistence: {size: 1Ti}}", "{persistence: {maxSize: 50Gi}}").size())
        .isEqualTo("50Gi");
    assertThat(effective("{persistence: {size: 50Gi}}", "{persistence: {maxSize: 0.1Ti}}").size())
        .isEqualTo("50Gi");
    assertThat(effective("{}", "{persistence: {maxSize: 5Gi}}").size()).isEqualTo("5Gi");
    Defaults.EffectiveSpec illegal = effective("{}", "{persistence: {maxSize: much}}");
    assertThat(illegal.size()).isEqualTo("10Gi");
    assertThat(illegal.problems()).hasSize(1);
  }

  @Test
  @DisplayName("the lifetime is the timeout, at most the maxTimeout of the template")
  void lifetime() {
    assertThat(effective("{timeout: 2h}", "{maxTimeout: 1h}").lifetime())
        .isEqualTo(Duration.ofHours(1));
    assertThat(effective("{timeout: 2h}", "{maxTimeout: 3h}").lifetime())
        .isEqualTo(Duration.ofHours(2));
    assertThat(effective("{}", "{maxTimeout: 4h}").lifetime()).isEqualTo(Duration.ofHours(4));
    assertThat(effective("{}", "{}").lifetime()).isEqualTo(Duration.ofHours(8));
  }

  @Test
  @DisplayName("0s as the idle timeout of a session means never")
  void neverIdle() {
    Defaults.EffectiveSpec effective = effective("{idleTimeout: 0s}", "{idleTimeout: 30m}");
    assertThat(effective.idleTimeout()).isEmpty();
    assertThat(effective.problems()).isEmpty();
  }

  @Test
  @DisplayName("the maxIdleTimeout of the template applies to every session")
  void maxIdleTimeout() {
    Optional<Duration> hour = Optional.of(Duration.ofHours(1));
    assertThat(effective("{}", "{maxIdleTimeout: 1h}").idleTimeout()).isEqualTo(hour);
    assertThat(effective("{idleTimeout: 0s}", "{maxIdleTimeout: 1h}").idleTimeout())
        .isEqualTo(hour);
    assertThat(effective("{idleTimeout: 2h}", "{maxIdleTimeout: 1h}").idleTimeout())
        .isEqualTo(hour);
    assertThat(effective("{idleTimeout: 10m}", "{maxIdleTimeout: 1h}").idleTimeout())
        .isEqualTo(Optional.of(Duration.ofMinutes(10)));
  }

  @Test
  @DisplayName("every illegal value is reported with field, value and rule")
  void illegalValues() {
    Defaults.EffectiveSpec effective =
        effective(
            "{resources: {memory: lots, cpu: '0'}, timeout: soon, persistence: {size: -1}}", "{}");
    assertThat(effective.problems())
        .containsExactly(
            "resources.memory \"lots\" is not a quantity above zero, such as 4Gi",
            "resources.cpu \"0\" is not a quantity above zero, such as 2",
            "persistence.size \"-1\" is not a quantity above zero, such as 10Gi",
            "timeout \"soon\" is not a duration above zero, such as 8h or 1h30m");
  }

  private static Defaults.EffectiveSpec effective(String session, String template) {
    return Defaults.effectiveSpec(
        KubeGson.gson().fromJson(session, VdiSession.Spec.class),
        KubeGson.gson().fromJson(template, VdiTemplate.Spec.class));
  }
}
