package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** See also ValueProperties. */
class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "3600s, 1h",
    "60m, 1h",
    "86400s, 24h",
    "90s, 1m30s",
    "61m1s, 1h1m1s",
    "08h, 8h",
    "0h0m1s, 1s",
    "0h30m, 30m"
  })
  void theShortestTextOfADuration(String text, String shortest) {
    assertThat(Durations.parse(text).map(Durations::format)).contains(shortest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0h0m0s",
        "1H",
        "8h30",
        "1h 30m",
        "1s1m",
        "1h1h",
        "\u0668h",
        "+8h",
        "8h\n",
        "1e3s",
        "PT8H",
        "1h30ms",
        "1000000000000000h"
      })
  void otherTextsAreNoDurations(String text) {
    assertThat(Durations.parse(text)).as(text).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1752000h",
        "1752000h1s",
        "9999999h",
        "999999999999999h",
        "999999999999999h999999999999999m999999999999999s"
      })
  @DisplayName("what 16 characters can say is a duration, but none is longer than 200 years")
  void theLongestDuration(String text) {
    assertThat(Durations.parse(text)).contains(Durations.LONGEST);
    assertThat(Instant.parse("2026-01-01T00:00:00Z").plus(Durations.LONGEST))
        .hasToString("2225-11-14T00:00:00Z");
    assertThat(Durations.LONGEST.toNanos()).isPositive();
  }

  /** Such as the time since a moment that another clock has not reached. */
  @ParameterizedTest
  @CsvSource({"PT-5S, 0s", "PT0.999S, 0s", "PT59.999S, 59s", "P1000D, 24000h"})
  void partsOfSecondsAreLeftOut(Duration duration, String text) {
    assertThat(Durations.format(duration)).isEqualTo(text);
  }
}
