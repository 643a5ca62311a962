package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectMetaTest {
  /** Kubernetes sets the time of a deletion to the end of the grace period. */
  @Test
  void aDeletionIsRequestedBeforeItsGracePeriod() {
    assertThat(
            meta("deletionTimestamp: '2026-11-26T12:00:30Z', deletionGracePeriodSeconds: 30")
                .deletionRequestedAt())
        .contains(Instant.parse("2026-11-26T12:00:00Z"));
    assertThat(
            meta("deletionTimestamp: '2026-11-26T12:00:30Z', deletionGracePeriodSeconds: null")
                .deletionRequestedAt())
        .contains(Instant.parse("2026-11-26T12:00:30Z"));
    assertThat(meta("deletionGracePeriodSeconds: 30").deletionRequestedAt()).isEmpty();
  }

  @Test
  void onlyTheUidOfTheControllerIdentifiesTheOwner() {
    ObjectMeta meta =
        meta(
            "ownerReferences: [{kind: VDISession, name: desk, uid: first}, {kind: VDISession, name:"
                + " desk, uid: second, controller: true}]");
    assertThat(meta.isControlledBy("second")).isTrue();
    assertThat(meta.isControlledBy("first")).as("an owner, not the controller").isFalse();
    assertThat(meta.isControlledBy("desk")).as("a name").isFalse();
    assertThat(meta("ownerReferences: [{uid: first, controller: false}]").controller()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-26T12:00:00Z, 2026-11-26T12:00:00Z",
    "2026-11-26T12:00:00.5Z, 2026-11-26T12:00:00.500Z",
    "2026-11-26T12:00:00+02:00, 2026-11-26T10:00:00Z",
    "9999-12-31T23:59:59Z, 9999-12-31T23:59:59Z"
  })
  void aTimeInAnAnnotationIsRfc3339(String text, Instant time) {
    assertThat(time(text)).contains(time);
  }

  /** Users of the namespace can write annotations of pods and claims. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "yesterday",
        "2026-11-26",
        "2026-11-26T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-11-26T25:00:00Z",
        " 2026-11-26T12:00:00Z",
        "1764158400",
        "\u0662\u0660\u0662\u0666-11-26T12:00:00Z",
        "+10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "+1000000000-12-31T23:59:59.999999999Z",
        "-1000000000-01-01T00:00:00Z"
      })
  void whatIsNoTimeIsNoTime(String text) {
    assertThat(time(text)).as(text).isEmpty();
  }

  /** The reaper adds the retention of homes. */
  @ParameterizedTest
  @ValueSource(strings = {"9999-12-31T23:59:59Z", "0001-01-01T00:00:00+18:00"})
  void everyTimeInAnAnnotationCanBeCalculatedWith(String text) {
    Duration longest = Durations.LONGEST;
    assertThat(time(text).map(time -> Duration.between(time.minus(longest), time.plus(longest))))
        .contains(longest.multipliedBy(2));
  }

  @ParameterizedTest
  @CsvSource({
    "10, 9, true",
    "9, 10, false",
    "10, 10, true",
    "18446744073709551615, 9223372036854775807, true",
    "9223372036854775807, 18446744073709551615, false",
    "18446744073709551614, 18446744073709551615, false",
    "'', 10, true",
    "10, '', true",
    "opaque, 10, true"
  })
  void resourceVersionsAreComparedAsNumbers(String version, String other, boolean atLeast) {
    assertThat(
            meta("resourceVersion: '" + version + "'")
                .isAtLeast(meta("resourceVersion: '" + other + "'")))
        .isEqualTo(atLeast);
  }

  private static Optional<Instant> time(String text) {
    return meta("annotations: {'%s': '%s'}".formatted(Annotations.RELEASED_AT, text))
        .time(Annotations.RELEASED_AT);
  }

  private static ObjectMeta meta(String fields) {
    return KubeGson.gson().fromJson("{" + fields + "}", ObjectMeta.class);
  }
}
