package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class VdiUsageProperties {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  /** Within some years, and often at the border of a month or a year. */
  @Provide
  Arbitrary<Instant> times() {
    Arbitrary<Instant> borders =
        Arbitraries.of(
                "2024-02-29T23:59:59Z",
                "2024-03-01T00:00:00Z",
                "2025-12-31T23:59:59Z",
                "2026-01-01T00:00:00Z",
                "2026-11-30T23:59:59Z")
            .map(Instant::parse);
    return Arbitraries.oneOf(
        borders,
        Arbitraries.longs()
            .between(NOON.getEpochSecond() - 90_000_000, NOON.getEpochSecond())
            .map(Instant::ofEpochSecond));
  }

  /** Otherwise reports by month would not add up to the total. */
  @Property
  void thePartsOfAnIntervalAddUp(
      @ForAll("times") Instant start,
      @ForAll("times") Instant end,
      @ForAll("times") Instant a,
      @ForAll("times") Instant b,
      @ForAll("times") Instant c) {
    List<Instant> sorted = List.of(a, b, c).stream().sorted().toList();
    VdiUsage.Spec interval = interval(start, end);
    assertThat(
            interval
                .within(sorted.get(0), sorted.get(1))
                .plus(interval.within(sorted.get(1), sorted.get(2))))
        .as("%s to %s at %s", start, end, sorted)
        .isEqualTo(interval.within(sorted.get(0), sorted.get(2)));
  }

  @Example
  void anIntervalCountsWithItsPartInThePeriod() {
    VdiUsage.Spec hour = interval(NOON, NOON.plus(HOUR));
    assertThat(hour.within(NOON.minus(HOUR), NOON.plus(HOUR).plus(HOUR))).isEqualTo(HOUR);
    assertThat(hour.within(NOON.plusSeconds(60), NOON.plusSeconds(90)))
        .isEqualTo(Duration.ofSeconds(30));
    assertThat(hour.within(NOON.minus(HOUR), NOON)).as("before it").isZero();
    assertThat(hour.within(NOON.plus(HOUR), NOON.plus(HOUR).plus(HOUR))).as("after it").isZero();
    assertThat(hour.within(NOON.plusSeconds(90), NOON.plusSeconds(60))).as("reversed").isZero();
    assertThat(interval(NOON, null).within(NOON, NOON.plus(HOUR)))
        .as("it has not ended")
        .isEqualTo(HOUR);
    assertThat(interval(NOON, NOON.minus(HOUR)).within(NOON.minus(HOUR), NOON.plus(HOUR)))
        .as("the end is before the start")
        .isZero();
  }

  /** The selectors leave no interval out that a report or the retention must see. */
  @Property
  void theSelectorsDivideTheIntervalsByTheMonthOfTheirEnd(
      @ForAll("times") Instant border, @ForAll("times") Instant end) {
    String label = VdiUsage.label(Optional.of(end));
    int order = label.compareTo(VdiUsage.label(Optional.of(border)));
    assertThat(listed(VdiUsage.selectorSince(border, NOON), " in ").contains(label))
        .as("%s since %s", end, border)
        .isEqualTo(order >= 0);
    assertThat(listed(VdiUsage.selectorUntil(border, NOON), " notin ").contains(label))
        .as("%s until %s", end, border)
        .isEqualTo(order > 0);
    assertThat(VdiUsage.selectorSince(border, NOON)).contains("(open");
    assertThat(VdiUsage.selectorUntil(border, NOON)).contains("(open");
  }

  private static List<String> listed(String selector, String operator) {
    assertThat(selector).startsWith("vdi.kasm.io/usage" + operator + "(").endsWith(")");
    return List.of(selector.substring(selector.indexOf('(') + 1, selector.length() - 1).split(","));
  }

  @Example
  void anEndInTheNearFutureIsSelectedAsWell() {
    Instant now = Instant.parse("2026-12-31T23:59:58Z");
    assertThat(VdiUsage.selectorSince(now, now))
        .isEqualTo("vdi.kasm.io/usage in (open,2026-12,2027-01)");
    assertThat(VdiUsage.selectorUntil(now, now))
        .isEqualTo("vdi.kasm.io/usage notin (open,2027-01)");
    assertThat(VdiUsage.selectorUntil(now.plusSeconds(5), now))
        .as("all that have ended")
        .isEqualTo("vdi.kasm.io/usage notin (open)");
  }

  @Example
  void anIntervalWithoutOptionalFieldsIsOpenAndHasNoGpu() {
    VdiUsage usage =
        KubeGson.gson()
            .fromJson(
                "{spec: {session: {namespace: desks, name: desk, uid: u}, groups: null, end: '',"
                    + " gpu: null}}",
                VdiUsage.class);
    assertThat(usage.isOpen()).isTrue();
    assertThat(usage.spec().gpu()).isEqualTo(new VdiUsage.Gpu("", 0));
    assertThat(usage.spec().groups()).isEmpty();
    assertThat(usage.spec().session().key()).hasToString("desks/desk");
  }

  private static VdiUsage.Spec interval(Instant start, Instant end) {
    return new VdiUsage.Spec(null, "alice@example.com", null, "t", null, start, end, null);
  }
}
