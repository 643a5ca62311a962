package io.vdi.operator.common.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.usage.UsageReport.Dimension;
import io.vdi.operator.common.usage.UsageReport.Row;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class UsageReportTest {
  private static final long HOUR = 3600;

  @Test
  void anIntervalIsCutAtTheBordersOfMonths() {
    UsageReport report = report("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", Dimension.MONTH);
    report.add(interval("2026-01-31T22:00:00Z", "2026-03-01T01:00:00Z", 2));
    assertThat(report.rows())
        .containsExactly(
            new Row(List.of("2026-01"), 1, 2 * HOUR, 4 * HOUR),
            new Row(List.of("2026-02"), 1, 28 * 24 * HOUR, 56 * 24 * HOUR),
            new Row(List.of("2026-03"), 1, HOUR, 2 * HOUR));
  }

  @Test
  void februaryOfALeapYearHasADayMore() {
    UsageReport report = report("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z", Dimension.MONTH);
    report.add(interval("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", 1));
    assertThat(report.rows())
        .containsExactly(new Row(List.of("2028-02"), 1, 29 * 24 * HOUR, 29 * 24 * HOUR));
  }

  /** March has an hour less in Berlin, because its clocks change. */
  @Test
  void theBordersAreThoseOfTheZone() {
    UsageReport report =
        new UsageReport(
            List.of(Dimension.MONTH),
            new UsagePeriod(
                Instant.parse("2026-01-01T00:00:00Z"),
                Instant.parse("2027-01-01T00:00:00Z"),
                ZoneId.of("Europe/Berlin")));
    report.add(interval("2026-02-28T22:00:00Z", "2026-03-31T22:00:00Z", 0));
    assertThat(report.rows())
        .containsExactly(
            new Row(List.of("2026-02"), 1, HOUR, 0),
            new Row(List.of("2026-03"), 1, 31 * 24 * HOUR - HOUR, 0));
  }

  @Test
  void onlyThePartInTheTimeOfTheReportCounts() {
    UsageReport report = report("2026-05-10T00:00:00Z", "2026-05-11T00:00:00Z", Dimension.USER);
    report.add(interval("2026-05-09T23:00:00Z", "2026-05-10T01:00:00Z", 1));
    report.add(interval("2026-05-10T22:00:00Z", "", 1));
    report.add(interval("2026-05-11T00:00:00Z", "2026-05-11T05:00:00Z", 1));
    report.add(interval("2026-05-08T00:00:00Z", "2026-05-10T00:00:00Z", 1));
    assertThat(report.rows())
        .containsExactly(new Row(List.of("alice@example.com"), 1, 3 * HOUR, 3 * HOUR));
  }

  @Test
  void theUseOfAPersonInTwoGroupsCountsInBoth() {
    UsageReport report =
        report("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", Dimension.GROUP, Dimension.TEMPLATE);
    report.add(interval("2026-05-10T00:00:00Z", "2026-05-10T01:00:00Z", 1, "math", "art"));
    report.add(interval("2026-05-10T00:00:00Z", "2026-05-10T01:00:00Z", 1));
    assertThat(report.rows())
        .extracting(Row::keys)
        .containsExactly(
            List.of("", "ubuntu"), List.of("art", "ubuntu"), List.of("math", "ubuntu"));
    assertThat(report.rows()).allMatch(row -> row.seconds() == HOUR);
  }

  @Test
  void withoutDimensionsThereIsOneTotal() {
    UsageReport report = report("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    report.add(interval("2026-05-10T00:00:00Z", "2026-05-10T01:00:00Z", 1, "math", "art"));
    assertThat(report.rows()).containsExactly(new Row(List.of(), 1, HOUR, HOUR));
  }

  @Test
  void csvQuotesFieldsAndDisarmsFormulas() {
    UsageReport report = report("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", Dimension.GROUP);
    for (String group : List.of("=1+1", "+a", "-a", "@a", "a,\"b\"", "plain")) {
      report.add(interval("2026-05-10T00:00:00Z", "2026-05-10T01:00:00Z", 1, group));
    }
    assertThat(report.csv())
        .isEqualTo(
            """
            group,sessions,seconds,gpuSeconds
            '+a,1,3600,3600
            '-a,1,3600,3600
            '=1+1,1,3600,3600
            '@a,1,3600,3600
            "a,""b\""",1,3600,3600
            plain,1,3600,3600
            """
                .replace("\n", "\r\n"));
  }

  @Test
  void listsOfDimensionsAreReadInTheirOrder() {
    assertThat(Dimension.parse("month,user")).contains(List.of(Dimension.MONTH, Dimension.USER));
    for (String wrong : List.of("", "user,user", "user,", "USER", "color")) {
      assertThat(Dimension.parse(wrong)).as(wrong).isEmpty();
    }
  }

  @Test
  void hoursAreTenthsRoundedDown() {
    assertThat(UsageReport.hours(0)).isEqualTo("0");
    assertThat(UsageReport.hours(HOUR - 1)).isEqualTo("0.9");
    assertThat(UsageReport.hours(36 * HOUR)).isEqualTo("36");
  }

  private static UsageReport report(String from, String to, Dimension... by) {
    return new UsageReport(
        List.of(by), new UsagePeriod(Instant.parse(from), Instant.parse(to), ZoneOffset.UTC));
  }

  private static VdiUsage.Spec interval(String from, String to, int gpus, String... groups) {
    return new VdiUsage.Spec(
        new VdiUsage.Session("desks", "desk", "uid"),
        "Alice@example.com",
        List.of(groups),
        "ubuntu",
        new VdiUsage.Gpu("nvidia.com/gpu", gpus),
        Instant.parse(from),
        to.isEmpty() ? null : Instant.parse(to),
        null);
  }
}
