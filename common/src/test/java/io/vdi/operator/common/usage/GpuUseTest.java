package io.vdi.operator.common.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.VdiUsage;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** See also GpuBudgetsTest. */
class GpuUseTest {
  private static final ZoneId UTC = ZoneId.of("UTC");

  @ParameterizedTest
  @CsvSource({
    "2026-12-31T23:30:00Z, UTC, 2026-12, 2027-01-01T00:00:00Z",
    "2026-12-31T23:30:00Z, Europe/Berlin, 2027-01, 2027-01-31T23:00:00Z",
    "2026-11-01T03:00:00Z, America/New_York, 2026-10, 2026-11-01T04:00:00Z",
    // Clocks go from 00:00 to 01:00 with the first day of April.
    "2016-03-15T00:00:00Z, Asia/Amman, 2016-03, 2016-03-31T22:00:00Z",
    // The last day of the year does not exist.
    "1994-12-15T00:00:00Z, Pacific/Kiritimati, 1994-12, 1994-12-31T10:00:00Z"
  })
  void theMonthIsThatOfTheZoneAndEndsWithIt(
      Instant now, ZoneId zone, YearMonth month, Instant renewsAt) {
    GpuUse use = new GpuUse.Sum(now, zone).result();
    assertThat(use.month()).isEqualTo(month);
    assertThat(use.renewsAt(zone)).isEqualTo(renewsAt);
  }

  @Test
  void theUseOfAPersonIsOneSumWhateverTheCase() {
    GpuUse.Sum sum = new GpuUse.Sum(Instant.parse("2026-11-26T12:00:00Z"), UTC);
    sum.add(interval("Alice@example.com", 2, "2026-11-26T11:59:00Z", "lab", "art"));
    sum.add(interval("alice@EXAMPLE.com", 1, "2026-11-26T11:59:30Z", "lab"));
    sum.add(interval("bob@example.com", 1, "2026-11-26T11:59:00Z"));
    sum.add(interval("carol@example.com", 0, "2026-11-26T11:59:00Z", "lab"));
    GpuUse use = sum.result();
    assertThat(use.users())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("alice@example.com", 150L, "bob@example.com", 60L, "carol@example.com", 0L));
    assertThat(use.groups())
        .containsExactlyInAnyOrderEntriesOf(Map.of("lab", 150L, "art", 120L, "", 60L));
    assertThat(use.ofUser("ALICE@example.com")).isEqualTo(150);
    assertThat(use.ofUser("dave@example.com")).isZero();
    assertThat(use.ofGroup("LAB")).as("names of groups are case-sensitive").isZero();
  }

  /** An open interval counts until now, not until the end of the month. */
  @Test
  void onlyThePartOfThisMonthCounts() {
    GpuUse.Sum sum = new GpuUse.Sum(Instant.parse("2026-11-01T00:01:00Z"), UTC);
    sum.add(interval("alice@example.com", 1, "2026-10-01T00:00:00Z"));
    sum.add(interval("bob@example.com", 1, "2026-11-01T00:02:00Z"));
    assertThat(sum.result().users()).isEqualTo(Map.of("alice@example.com", 60L));
    assertThat(sum.selector()).isEqualTo("vdi.kasm.io/usage in (open,2026-11,2026-12)");
  }

  private static VdiUsage.Spec interval(String user, long gpus, String start, String... groups) {
    return new VdiUsage.Spec(
        new VdiUsage.Session("desks", "desk", user),
        user,
        List.of(groups),
        "t",
        new VdiUsage.Gpu("nvidia.com/gpu", gpus),
        Instant.parse(start),
        null,
        null);
  }
}
