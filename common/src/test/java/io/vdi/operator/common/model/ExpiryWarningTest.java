package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpiryWarningTest {
  @ParameterizedTest
  @CsvSource({
    "PT8H, PT10M",
    "PT10M0.001S, PT10M",
    "PT10M, PT5M",
    "PT4M, PT2M",
    "PT1S, PT0.5S",
    "PT0S, PT10M",
    "PT-1H, PT10M"
  })
  void aShortTimeIsAnnouncedAtItsHalfAndAnUnknownOneAsALongOne(Duration whole, Duration lead) {
    assertThat(ExpiryWarning.lead(Duration.ofMinutes(10), whole)).isEqualTo(lead);
  }
}
