package io.vdi.operator.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanDurationTest {
  @ParameterizedTest(name = "{0} is {1}")
  @CsvSource({
    "-PT5S, 0s",
    "PT0S, 0s",
    "PT0.9S, 0s",
    "PT119S, 119s",
    "PT2M, 2m",
    "PT2M5S, 2m5s",
    "PT9M59S, 9m59s",
    "PT10M, 10m",
    "PT10M30S, 10m",
    "PT2H59M59S, 179m",
    "PT3H, 3h",
    "PT3H1M, 3h1m",
    "PT7H59M, 7h59m",
    "PT8H, 8h",
    "PT8H5M, 8h",
    "PT47H59M, 47h",
    "P2D, 2d",
    "P400D, 400d"
  })
  void hasTheFormatOfKubectl(Duration duration, String text) {
    assertThat(HumanDuration.of(duration)).isEqualTo(text);
  }
}
