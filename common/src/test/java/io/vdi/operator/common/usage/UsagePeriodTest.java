package io.vdi.operator.common.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;

class UsagePeriodTest {
  private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  @Test
  void aMonthThatHasPassedIsWhole() {
    assertThat(UsagePeriod.of(YearMonth.of(2026, 10), NOW, BERLIN))
        .isEqualTo(
            new UsagePeriod(
                Instant.parse("2026-09-30T22:00:00Z"),
                Instant.parse("2026-10-31T23:00:00Z"),
                BERLIN));
  }

  @Test
  void thePresentMonthEndsNow() {
    assertThat(UsagePeriod.ofThisMonth(NOW, BERLIN))
        .isEqualTo(new UsagePeriod(Instant.parse("2026-10-31T23:00:00Z"), NOW, BERLIN));
    Instant newYear = Instant.parse("2026-12-31T23:30:00Z");
    assertThat(UsagePeriod.ofThisMonth(newYear, BERLIN).from())
        .isEqualTo(Instant.parse("2026-12-31T23:00:00Z"));
  }

  /** The label has the month of the end in UTC, which can be the month before that of the zone. */
  @Test
  void theSelectorHasEveryMonthInWhichAnIntervalOfThePeriodCanEnd() {
    assertThat(UsagePeriod.of(YearMonth.of(2026, 11), NOW, BERLIN).selector(NOW))
        .isEqualTo("vdi.kasm.io/usage in (open,2026-10,2026-11,2026-12)");
  }
}
