package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleWindowTest {
  @Test
  void theTextsOfTheSpecificationAreRead() {
    assertThat(ScheduleWindow.time("00:00")).contains(LocalTime.MIDNIGHT);
    assertThat(ScheduleWindow.time("23:59")).contains(LocalTime.of(23, 59));
    assertThat(ScheduleWindow.date("2028-02-29")).contains(LocalDate.of(2028, 2, 29));
    assertThat(ScheduleWindow.timeZone("Europe/Berlin")).contains(ZoneId.of("Europe/Berlin"));
    assertThat(ScheduleWindow.timeZone("UTC")).contains(ZoneId.of("UTC"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "24:00", "8:55", "08:60", "08:55:00", "08.55", "08:55 ", "\u0660\u0668:55"})
  void otherTextsAreNoTimes(String text) {
    assertThat(ScheduleWindow.time(text)).as(text).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-1-1",
        "26-12-24",
        "2026-12-24Z"
      })
  void otherTextsAreNoDates(String text) {
    assertThat(ScheduleWindow.date(text)).as(text).isEmpty();
  }

  /** Without their rules, the clock of a zone would not change in summer. */
  @ParameterizedTest
  @ValueSource(
      strings = {"", "+01:00", "UTC+1", "UTC+01:00", "Z", "europe/berlin", "Mars/Base", "CEST"})
  void otherTextsAreNoTimeZones(String text) {
    assertThat(ScheduleWindow.timeZone(text)).as(text).isEmpty();
  }
}
