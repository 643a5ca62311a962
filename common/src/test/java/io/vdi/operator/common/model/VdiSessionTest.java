package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParseException;
import io.vdi.operator.common.kube.KubeGson;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VdiSessionTest {
  private static final String WINDOW = "{days: [Mon], stop: '18:00', timeZone: UTC}";

  /** The mutating webhook reads a session before the schema refuses the null. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{spec: {schedule: [null, {days: [null, Mon], stop: '18:00', timeZone: UTC}]}}",
        "{spec: {schedule: [{days: [Mon], stop: '18:00', timeZone: UTC, except: [null]}]}}",
        "{spec: {schedule: [" + WINDOW + "], shares: [null]}, status: {conditions: [null]}}",
        "{spec: {schedule: [" + WINDOW + "]}, status: {conditions: [null, {type: Ready}, null]}}"
      })
  void nullsInListsAreLeftOut(String json) {
    VdiSession session = read(json);
    assertThat(session.spec().schedule())
        .containsExactly(new ScheduleWindow(List.of("Mon"), null, "18:00", "UTC", null));
    assertThat(session.spec().shares()).isEmpty();
    assertThat(session.status().conditions()).doesNotContainNull();
  }

  /** {@code []} means never, an absent schedule that of the template. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                | 1
          {schedule: null}  | 1
          {schedule: []}    | 0
          """)
  void anEmptyScheduleIsNotAnAbsentOne(String spec, int windows) {
    VdiTemplate.Spec template =
        KubeGson.gson().fromJson("{schedule: [" + WINDOW + "]}", VdiTemplate.Spec.class);
    assertThat(
            Defaults.effectiveSpec(read("{spec: " + spec + "}").spec(), template)
                .schedule()
                .windows())
        .hasSize(windows);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          startTime: '2026-11-26T12:00:00Z'                                                           | 2026-11-26T12:00:00Z
          conditions: [{type: Ready, status: 'False', lastTransitionTime: '2026-11-26T11:00:00Z'}]    | 2026-11-26T11:00:00Z
          conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-11-26T11:00:00Z'}]     |
          conditions: [{type: Failed, status: 'False', lastTransitionTime: '2026-11-26T11:00:00Z'}]   |
          phase: Suspended                                                                            |
          """)
  void aDesktopIsAwakeSinceItRunsOrStarts(String status, Instant since) {
    assertThat(read("{status: {" + status + "}}").status().awakeSince())
        .isEqualTo(Optional.ofNullable(since));
  }

  @Test
  void aStartCountsMoreThanTheCondition() {
    assertThat(
            read("{status: {startTime: '2026-11-26T12:00:00Z', conditions: [{type: Ready, status:"
                    + " 'False', lastTransitionTime: '2026-11-26T13:00:00Z'}]}}")
                .status()
                .awakeSince())
        .contains(Instant.parse("2026-11-26T12:00:00Z"));
  }

  /** The admission webhook expects this exception and leaves the refusal to the schema. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{spec: []}",
        "{spec: {user: []}}",
        "{spec: {resources: {gpu: 1.5}}}",
        "{spec: {resources: {gpu: 2147483648}}}",
        "{spec: {persistence: {enabled: {}}}}",
        "{spec: {schedule: {}}}",
        "{spec: {schedule: [Mon]}}",
        "{spec: {shares: [{user: []}]}}",
        "{metadata: {generation: many}}",
        "{status: {restarts: null}}",
        "{status: {conditions: {}}}"
      })
  void aValueOfAWrongTypeIsAJsonError(String json) {
    assertThatThrownBy(() -> read(json)).as(json).isInstanceOf(JsonParseException.class);
  }

  private static VdiSession read(String json) {
    return KubeGson.gson().fromJson(json, VdiSession.class);
  }
}
