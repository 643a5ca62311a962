package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Schedule.Boundary;
import io.vdi.operator.common.model.Schedule.Kind;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;

/** Schedules against a model that follows the clocks on the walls minute by minute. */
class ScheduleProperties {
  private static final Duration RANGE = Duration.ofDays(8);
  private static final Instant EPOCH = Instant.parse("1990-01-01T00:00:00Z");
  private static final List<String> DAYS = List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");

  /** Zones whose clocks change within the tested years are three of four. */
  private static final List<String> ZONES = ZoneId.getAvailableZoneIds().stream().sorted().toList();

  private static final List<String> CHANGING_ZONES =
      ZONES.stream()
          .filter(zone -> ZoneId.of(zone).getRules().nextTransition(EPOCH) != null)
          .toList();

  /** Some windows, a time near which some clock changes, and how much earlier starts are. */
  record Case(List<ScheduleWindow> windows, Instant now, int leadMinutes) {
    Schedule.Calendar calendar() {
      return Schedule.of(windows).calendar(_ -> Duration.ofMinutes(leadMinutes));
    }
  }

  @Provide
  Arbitrary<Case> cases() {
    return Combinators.combine(
            Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(CHANGING_ZONES)), Tuple.of(1, Arbitraries.of(ZONES))),
            Arbitraries.longs().between(0, 47L * 365 * 24 * 60),
            Arbitraries.integers().between(-4 * 24 * 60, 4 * 24 * 60),
            Arbitraries.of(0, 0, 7, 45))
        .flatAs((zone, minutes, offset, lead) -> {
          Instant any = EPOCH.plus(minutes, ChronoUnit.MINUTES);
          ZoneRules rules = ZoneId.of(zone).getRules();
          Instant near =
              Optional.ofNullable(rules.nextTransition(any))
                  .map(ZoneOffsetTransition::getInstant)
                  .orElse(any);
          Instant now = near.plus(offset, ChronoUnit.MINUTES);
          LocalDateTime local = LocalDateTime.ofInstant(now, ZoneId.of(zone));
          return windows(zone, local)
              .list()
              .ofMinSize(1)
              .ofMaxSize(4)
              .map(windows -> new Case(windows, now, lead));
        });
  }

  private static Arbitrary<ScheduleWindow> windows(String zone, LocalDateTime near) {
    // Half of the times are at night, when clocks change, and all are likely to be close together.
    Arbitrary<String> times =
        Combinators.combine(
                Arbitraries.of(0, 1, 2, 3, 3, 9, 17, 23), Arbitraries.of(0, 1, 4, 5, 6, 30, 59))
            .as("%02d:%02d"::formatted);
    Arbitrary<String> zones =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.just(zone)), Tuple.of(1, Arbitraries.of(ZONES)));
    Arbitrary<List<String>> except =
        Arbitraries.integers()
            .between(-8, 8)
            .map(day -> near.toLocalDate().plusDays(day).toString())
            .list()
            .ofMaxSize(6);
    return Combinators.combine(
            Arbitraries.of(DAYS).list().uniqueElements().ofMinSize(1),
            times,
            times,
            Arbitraries.integers().between(0, 5),
            zones,
            except)
        .as((days, start, stop, kind, timeZone, dates) ->
            new ScheduleWindow(
                days, kind == 0 ? "" : start, kind == 1 ? "" : stop, timeZone, dates));
  }

  @Property(tries = 60)
  void boundariesAreThoseOfTheModel(@ForAll("cases") Case sample) {
    Model model = new Model(sample, sample.now().minus(Duration.ofDays(12)), 25);
    Schedule.Calendar calendar = sample.calendar();
    Instant now = sample.now();
    assertThat(calendar.last(now))
        .as("last boundary before %s of %s", now, sample.windows())
        .isEqualTo(model.last(now.minus(RANGE).minusNanos(1), now));
    assertThat(calendar.next(now))
        .as("next boundary after %s of %s", now, sample.windows())
        .isEqualTo(model.next(now, now.plus(RANGE)));
  }

  /** The boundaries alternate for an observer who goes from each to the next. */
  @Property(tries = 200)
  void theNextBoundaryIsTheLastOneWhenItOccurs(@ForAll("cases") Case sample) {
    Schedule.Calendar calendar = sample.calendar();
    Optional<Boundary> next = calendar.next(sample.now());
    if (next.isPresent()) {
      Instant at = next.get().at();
      assertThat(at).isAfter(sample.now());
      assertThat(calendar.last(at)).isEqualTo(next);
      assertThat(calendar.next(at.minusNanos(1))).isEqualTo(next);
      assertThat(calendar.last(at.minusNanos(1))).isNotEqualTo(next);
    }
  }

  /**
   * Whatever the user has asked for, the desktop is up until then, and no longer than necessary.
   */
  @Property(tries = 200)
  void noStopIsBeforeAwakeUntil(
      @ForAll("cases") Case sample,
      @ForAll @IntRange(min = -3000, max = 6000) int minutes,
      @ForAll @IntRange(min = -600, max = 6000) int running) {
    Schedule.Calendar calendar = sample.calendar();
    Instant now = sample.now();
    Instant since = now.minus(running, ChronoUnit.MINUTES);
    Instant until = now.plus(minutes, ChronoUnit.MINUTES);
    Optional<Instant> plain = calendar.stop(since, Optional.empty(), now);
    Optional<Instant> held = calendar.stop(since, Optional.of(until), now);
    assertThat(plain.filter(stop -> !stop.isAfter(since))).as("a stop before the start").isEmpty();
    if (plain.filter(until::isAfter).isEmpty()) {
      assertThat(held).isEqualTo(plain);
    } else if (held.isPresent()) {
      assertThat(held.get()).isAfterOrEqualTo(until);
      assertThat(
              held.get().equals(until)
                  || calendar.last(held.get()).orElseThrow().kind() == Kind.STOP)
          .isTrue();
    }
  }

  @Example
  void courseInBerlin() {
    Schedule.Calendar calendar =
        Schedule.of(
                List.of(
                    new ScheduleWindow(
                        List.of("Mon", "Tue", "Wed", "Thu", "Fri"),
                        "08:55",
                        "18:00",
                        "Europe/Berlin",
                        List.of("2026-12-24", "2026-12-25"))))
            .calendar();
    assertThat(calendar.next(Instant.parse("2026-10-23T12:00:00Z")))
        .contains(new Boundary(Kind.STOP, Instant.parse("2026-10-23T16:00:00Z")));
    // The clocks go back on Sunday.
    assertThat(calendar.next(Instant.parse("2026-10-23T16:00:00Z")))
        .contains(new Boundary(Kind.START, Instant.parse("2026-10-26T07:55:00Z")));
    // A holiday has no start, and its stop still occurs.
    assertThat(calendar.next(Instant.parse("2026-12-23T17:00:00Z")))
        .contains(new Boundary(Kind.STOP, Instant.parse("2026-12-24T17:00:00Z")));
    assertThat(calendar.next(Instant.parse("2026-12-25T17:00:00Z")))
        .contains(new Boundary(Kind.START, Instant.parse("2026-12-28T07:55:00Z")));
  }

  @Example
  void localTimesThatTheClockSkipsOrRepeats() {
    Schedule.Calendar calendar =
        Schedule.of(
                List.of(
                    new ScheduleWindow(List.of("Sun"), "02:30", "", "Europe/Berlin", List.of())))
            .calendar();
    assertThat(calendar.next(Instant.parse("2026-03-28T12:00:00Z")))
        .contains(new Boundary(Kind.START, Instant.parse("2026-03-29T01:00:00Z")));
    assertThat(calendar.next(Instant.parse("2026-10-24T12:00:00Z")))
        .contains(new Boundary(Kind.START, Instant.parse("2026-10-25T00:30:00Z")));
    assertThat(calendar.next(Instant.parse("2026-10-25T00:30:00Z")))
        .contains(new Boundary(Kind.START, Instant.parse("2026-11-01T01:30:00Z")));
  }

  @Example
  void windowsThatBreakARuleAreLeftOut() {
    ScheduleWindow legal = new ScheduleWindow(List.of("Mon"), "08:00", "", "UTC", List.of());
    for (ScheduleWindow illegal :
        List.of(
            new ScheduleWindow(List.of("Mon"), "", "", "UTC", List.of()),
            new ScheduleWindow(List.of("Mon"), "8:00", "17:00", "UTC", List.of()),
            new ScheduleWindow(List.of("Mon"), "08:00", "24:00", "UTC", List.of()),
            new ScheduleWindow(List.of("Mon"), "08:00", "", "+02:00", List.of()),
            new ScheduleWindow(List.of("Mon"), "08:00", "", "Mars/Olympus", List.of()))) {
      assertThat(Schedule.of(List.of(illegal, legal)).windows()).as("%s", illegal).hasSize(1);
    }
  }

  /** The same rules, found by observing the clock of each zone once a minute. */
  private static final class Model {
    private final TreeMap<Instant, Kind> boundaries = new TreeMap<>();

    Model(Case sample, Instant from, int days) {
      int minutes = days * 24 * 60;
      BitSet starts = new BitSet(minutes);
      BitSet stops = new BitSet(minutes);
      BitSet up = new BitSet(minutes);
      for (ScheduleWindow window : sample.windows()) {
        Map<LocalDateTime, Integer> clock = new HashMap<>();
        observe(window, from, minutes, clock);
        for (LocalDate day : days(window, from, days)) {
          Optional<Integer> stop = stop(window, day).map(clock::get);
          Optional<Integer> start =
              start(window, day)
                  .map(clock::get)
                  .filter(minute -> !stop.equals(Optional.of(minute)))
                  .map(minute -> Math.max(0, minute - sample.leadMinutes()));
          start.ifPresent(starts::set);
          stop.ifPresent(stops::set);
          if (start.isPresent() && stop(window, day).isPresent()) {
            up.set(start.get(), stop.orElse(minutes));
          }
        }
      }
      for (int minute = 6; minute < minutes; minute++) {
        boolean wasUp = !up.get(minute - 6, minute).isEmpty();
        boolean startsSoon = !starts.get(minute, minute + 6).isEmpty();
        Instant at = from.plus(minute, ChronoUnit.MINUTES);
        if (starts.get(minute) && !wasUp) {
          boundaries.put(at, Kind.START);
        } else if (stops.get(minute) && !up.get(minute) && !startsSoon) {
          boundaries.put(at, Kind.STOP);
        }
      }
    }

    /** The first minute at which the clock shows each time of the window, or a later one. */
    private static void observe(
        ScheduleWindow window, Instant from, int minutes, Map<LocalDateTime, Integer> clock) {
      ZoneId zone = ZoneId.of(window.timeZone());
      TreeMap<LocalDateTime, Boolean> awaited = new TreeMap<>();
      for (LocalDate day : days(window, from, minutes / 24 / 60)) {
        start(window, day).ifPresent(time -> awaited.put(time, true));
        stop(window, day).ifPresent(time -> awaited.put(time, true));
      }
      for (int minute = 0; minute < minutes && !awaited.isEmpty(); minute++) {
        LocalDateTime shown = LocalDateTime.ofInstant(from.plus(minute, ChronoUnit.MINUTES), zone);
        while (!awaited.isEmpty() && !awaited.firstKey().isAfter(shown)) {
          clock.put(awaited.pollFirstEntry().getKey(), minute);
        }
      }
    }

    private static List<LocalDate> days(ScheduleWindow window, Instant from, int days) {
      LocalDate first = LocalDate.ofInstant(from, ZoneId.of(window.timeZone()));
      List<LocalDate> list = new ArrayList<>();
      for (int day = 1; day < days; day++) {
        LocalDate date = first.plusDays(day);
        if (window.days().contains(DAYS.get(date.getDayOfWeek().getValue() - 1))) {
          list.add(date);
        }
      }
      return list;
    }

    private static Optional<LocalDateTime> start(ScheduleWindow window, LocalDate day) {
      return window.start().isEmpty() || window.except().contains(day.toString())
          ? Optional.empty()
          : Optional.of(day.atTime(LocalTime.parse(window.start())));
    }

    private static Optional<LocalDateTime> stop(ScheduleWindow window, LocalDate day) {
      if (window.stop().isEmpty()) {
        return Optional.empty();
      }
      boolean next =
          !window.start().isEmpty()
              && LocalTime.parse(window.stop()).compareTo(LocalTime.parse(window.start())) <= 0;
      return Optional.of((next ? day.plusDays(1) : day).atTime(LocalTime.parse(window.stop())));
    }

    Optional<Boundary> last(Instant after, Instant until) {
      return Optional.ofNullable(boundaries.floorEntry(until))
          .filter(entry -> entry.getKey().isAfter(after))
          .map(entry -> new Boundary(entry.getValue(), entry.getKey()));
    }

    Optional<Boundary> next(Instant after, Instant until) {
      return Optional.ofNullable(boundaries.higherEntry(after))
          .filter(entry -> !entry.getKey().isAfter(until))
          .map(entry -> new Boundary(entry.getValue(), entry.getKey()));
    }
  }
}
