package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConditionTest {
  private static final Instant BEFORE = Instant.parse("2026-11-26T12:00:00Z");
  private static final Instant NOW = Instant.parse("2026-11-26T13:00:00Z");
  private static final Condition OLD =
      new Condition("Ready", "False", "PodPending", "waits", BEFORE, 1);

  /** As kubectl wait and the API conventions expect: the time is that of the status. */
  @Test
  void theTimeIsThatOfTheLastChangeOfTheStatus() {
    List<Condition> before =
        List.of(new Condition("Failed", "True", "InvalidSpec", "", BEFORE.minusSeconds(9), 1), OLD);
    assertThat(
            Condition.of("Ready", "False", "DesktopStarting", "starts", 2)
                .withTransitionFrom(before, NOW))
        .as("another reason")
        .isEqualTo(new Condition("Ready", "False", "DesktopStarting", "starts", BEFORE, 2));
    assertThat(
            Condition.of("Ready", "True", "DesktopReady", "", 2)
                .withTransitionFrom(before, NOW)
                .lastTransitionTime())
        .as("another status")
        .isEqualTo(NOW);
    assertThat(
            Condition.of("RouteReady", "False", "PodPending", "waits", 1)
                .withTransitionFrom(before, NOW)
                .lastTransitionTime())
        .as("another type")
        .isEqualTo(NOW);
  }

  @ParameterizedTest
  @CsvSource({"'True', true", "'False', false", "Unknown, false", "'true', false", "'', false"})
  void onlyTheStatusTrueIsTrue(String status, boolean isTrue) {
    assertThat(Condition.of("Ready", status, "", "", 0).isTrue()).isEqualTo(isTrue);
  }

  @ParameterizedTest
  @CsvSource({
    "'{}'",
    "'{type: null, status: null, reason: null, message: null, lastTransitionTime: null}'",
    "'{lastTransitionTime: yesterday}'",
    "'{lastTransitionTime: 1764158400, lastHeartbeatTime: [1]}'"
  })
  void aConditionWithoutUsableFieldsIsUnknownSinceTheEpoch(String json) {
    assertThat(KubeGson.gson().fromJson(json, Condition.class))
        .isEqualTo(new Condition("", "Unknown", "", "", Instant.EPOCH, 0));
  }

  @Test
  void theFirstConditionOfATypeCounts() {
    Condition second = Condition.of("Ready", "True", "DesktopReady", "", 2);
    assertThat(Condition.find(List.of(OLD, second), "Ready")).contains(OLD);
    assertThat(Condition.find(List.of(OLD, second), "ready")).isEmpty();
  }
}
