package io.vdi.operator.common.model;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * When desktops start and stop; docs/specification.md, section 5. A desktop is up in the union of
 * the windows: a stop inside another window, and a start inside another window, is no boundary. A
 * pause of at most {@link #SHORTEST_PAUSE} is none: nobody gains from a desktop that restarts.
 *
 * <p>A local time that the clock skips occurs at the end of the skipped time; one that occurs twice
 * counts the first time.
 */
public record Schedule(List<Window> windows) {
  public static final Schedule NONE = new Schedule(List.of());

  /** A stop this long or shorter before a start is no boundary, and neither is that start. */
  public static final Duration SHORTEST_PAUSE = Duration.ofMinutes(5);

  /** Every window has a boundary in each week, unless other windows or exceptions hide it. */
  private static final Duration RANGE = Duration.ofDays(8);

  /** A window reaches into the next day, and starts can be moved to the day before. */
  private static final int MARGIN_DAYS = 3;

  public Schedule {
    windows = List.copyOf(windows);
  }

  /**
   * The schedule that these windows describe. A window that breaks a rule of the schema is left
   * out.
   */
  public static Schedule of(List<ScheduleWindow> windows) {
    return new Schedule(windows.stream().map(Window::of).flatMap(Optional::stream).toList());
  }

  public boolean isEmpty() {
    return windows.isEmpty();
  }

  /** How long desktops are up in the longest window, on a day without a change of the clock. */
  public Optional<Duration> longestWindow() {
    return windows.stream()
        .flatMap(window -> window.length().stream())
        .max(Comparator.naturalOrder());
  }

  /** What happens at a boundary. */
  public enum Kind {
    START,
    STOP
  }

  public record Boundary(Kind kind, Instant at) {}

  /** A window with legal values; at least one of start and stop is present. */
  public record Window(
      Set<DayOfWeek> days,
      Optional<LocalTime> start,
      Optional<LocalTime> stop,
      ZoneId timeZone,
      Set<LocalDate> except) {
    public Window {
      days = Set.copyOf(days);
      except = Set.copyOf(except);
    }

    static Optional<Window> of(ScheduleWindow window) {
      Set<DayOfWeek> days =
          window.days().stream()
              .map(ScheduleWindow.DAYS::get)
              .filter(Objects::nonNull)
              .collect(Collectors.toSet());
      Optional<LocalTime> start = ScheduleWindow.time(window.start());
      Optional<LocalTime> stop = ScheduleWindow.time(window.stop());
      Set<LocalDate> except =
          window.except().stream()
              .flatMap(text -> ScheduleWindow.date(text).stream())
              .collect(Collectors.toSet());
      boolean legal =
          (start.isPresent() || stop.isPresent())
              && (start.isPresent() || window.start().isEmpty())
              && (stop.isPresent() || window.stop().isEmpty());
      return ScheduleWindow.timeZone(window.timeZone())
          .filter(_ -> legal)
          .map(zone -> new Window(days, start, stop, zone, except));
    }

    /** Empty without a start or a stop. */
    private Optional<Duration> length() {
      LocalDate day = LocalDate.EPOCH;
      return start.flatMap(begin ->
          stop.map(end -> Duration.between(day.atTime(begin), stopDay(day, end).atTime(end))));
    }

    /** The window of this day; empty if it has none. */
    private Optional<Occurrence> on(LocalDate day) {
      if (!days.contains(day.getDayOfWeek())) {
        return Optional.empty();
      }
      Optional<Instant> end = stop.map(time -> instant(stopDay(day, time).atTime(time)));
      // The clock can skip the whole window; then there is only its stop.
      Optional<Instant> begin =
          start
              .filter(_ -> !except.contains(day))
              .map(time -> instant(day.atTime(time)))
              .filter(instant -> end.filter(last -> !instant.isBefore(last)).isEmpty());
      return Optional.of(new Occurrence(begin, end));
    }

    private LocalDate stopDay(LocalDate day, LocalTime time) {
      return start.filter(begin -> !time.isAfter(begin)).isPresent() ? day.plusDays(1) : day;
    }

    private Instant instant(LocalDateTime local) {
      ZoneOffsetTransition transition = timeZone.getRules().getTransition(local);
      return transition != null && transition.isGap()
          ? transition.getInstant()
          : local.atZone(timeZone).withEarlierOffsetAtOverlap().toInstant();
    }
  }

  private record Occurrence(Optional<Instant> start, Optional<Instant> stop) {
    Occurrence leadingBy(Function<Instant, Duration> lead) {
      return new Occurrence(start.map(at -> at.minus(lead.apply(at))), stop);
    }

    boolean includes(Instant time) {
      return start.filter(begin -> !time.isBefore(begin)).isPresent()
          && stop.filter(time::isBefore).isPresent();
    }

    /** Whether the window was open just before this time, or at most this long before. */
    boolean precedes(Instant time, Duration after) {
      return start.filter(begin -> begin.isBefore(time)).isPresent()
          && stop.filter(end -> !time.isAfter(end.plus(after))).isPresent();
    }
  }

  /** The boundaries, with each start at its time. */
  public Calendar calendar() {
    return calendar(_ -> Duration.ZERO);
  }

  /**
   * The boundaries, with each start moved to an earlier time.
   *
   * @param lead by how much, from the time at which the window starts; less than a day
   */
  public Calendar calendar(Function<Instant, Duration> lead) {
    return new Calendar(this, lead);
  }

  /** The boundaries of a schedule. For one thread. */
  public static final class Calendar {
    private final Schedule schedule;
    private final Function<Instant, Duration> lead;

    /** The boundaries around the time that was asked for last: callers ask for one repeatedly. */
    private Instant middle = Instant.MIN;

    private List<Boundary> around = List.of();

    private Calendar(Schedule schedule, Function<Instant, Duration> lead) {
      this.schedule = schedule;
      this.lead = lead;
    }

    /** The last boundary at or before this time, of about the last week. */
    public Optional<Boundary> last(Instant now) {
      return around(now)
          .filter(boundary -> !boundary.at().isAfter(now))
          .max(Comparator.comparing(Boundary::at));
    }

    /** The next boundary after this time, of about the next week. */
    public Optional<Boundary> next(Instant now) {
      return around(now)
          .filter(boundary -> boundary.at().isAfter(now))
          .min(Comparator.comparing(Boundary::at));
    }

    /**
     * When the schedule stops a desktop.
     *
     * @param since when the desktop was started. It stays up until the first stop after that,
     *     unless a start follows that stop by now
     * @param awakeUntil the schedule does not stop the desktop before
     */
    public Optional<Instant> stop(Instant since, Optional<Instant> awakeUntil, Instant now) {
      Optional<Instant> stop =
          last(now)
              .filter(boundary -> boundary.kind() == Kind.STOP && since.isBefore(boundary.at()))
              .map(Boundary::at)
              .or(() -> nextStop(since.isAfter(now) ? since : now));
      return awakeUntil.isPresent() && stop.filter(awakeUntil.get()::isAfter).isPresent()
          ? stopFrom(awakeUntil.get())
          : stop;
    }

    /** The first time from this one at which the desktop need not be up. */
    private Optional<Instant> stopFrom(Instant time) {
      boolean stopped =
          last(time).filter(boundary -> boundary.kind() == Kind.STOP).isPresent()
              && next(time)
                  .filter(boundary -> !boundary.at().isAfter(time.plus(SHORTEST_PAUSE)))
                  .isEmpty();
      return stopped ? Optional.of(time) : nextStop(time);
    }

    private Optional<Instant> nextStop(Instant now) {
      return around(now)
          .filter(boundary -> boundary.kind() == Kind.STOP && boundary.at().isAfter(now))
          .map(Boundary::at)
          .min(Comparator.naturalOrder());
    }

    private Stream<Boundary> around(Instant time) {
      if (!time.equals(middle)) {
        around = boundaries(time.minus(RANGE), time.plus(RANGE));
        middle = time;
      }
      return around.stream();
    }

    /** The boundaries between these times. */
    private List<Boundary> boundaries(Instant from, Instant to) {
      List<Occurrence> occurrences = new ArrayList<>();
      for (Window window : schedule.windows()) {
        LocalDate first = from.atZone(window.timeZone()).toLocalDate().minusDays(MARGIN_DAYS);
        LocalDate last = to.atZone(window.timeZone()).toLocalDate().plusDays(MARGIN_DAYS);
        for (LocalDate day = first; !day.isAfter(last); day = day.plusDays(1)) {
          window.on(day).map(occurrence -> occurrence.leadingBy(lead)).ifPresent(occurrences::add);
        }
      }
      TreeSet<Instant> starts = new TreeSet<>();
      TreeSet<Instant> stops = new TreeSet<>();
      for (Occurrence occurrence : occurrences) {
        occurrence.start().ifPresent(starts::add);
        occurrence.stop().ifPresent(stops::add);
      }
      List<Boundary> boundaries = new ArrayList<>();
      for (Instant at : starts.subSet(from, true, to, true)) {
        if (occurrences.stream().noneMatch(o -> o.precedes(at, SHORTEST_PAUSE))) {
          boundaries.add(new Boundary(Kind.START, at));
        }
      }
      for (Instant at : stops.subSet(from, true, to, true)) {
        if (occurrences.stream().noneMatch(o -> o.includes(at))
            && starts.subSet(at, true, at.plus(SHORTEST_PAUSE), true).isEmpty()) {
          boundaries.add(new Boundary(Kind.STOP, at));
        }
      }
      return boundaries;
    }
  }
}
