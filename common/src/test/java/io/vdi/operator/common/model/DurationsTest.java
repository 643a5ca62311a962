package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
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
        "1000000h",
        "100000000m",
        "1000000000s"
      })
  void otherTextsAreNoDurations(String text) {
    assertThat(Durations.parse(text)).as(text).isEmpty();
  }

  @Test
  void theLongestDurationDoesNotOverflow() {
    assertThat(Durations.parse("999999h99999999m999999999s"))
        .contains(Duration.ofSeconds(999_999L * 3600 + 99_999_999L * 60 + 999_999_999L));
  }

  /** Such as the time since a moment that another clock has not reached. */
  @ParameterizedTest
  @CsvSource({"PT-5S, 0s", "PT0.999S, 0s", "PT59.999S, 59s", "P1000D, 24000h"})
  void partsOfSecondsAreLeftOut(Duration duration, String text) {
    assertThat(Durations.format(duration)).isEqualTo(text);
  }
}
