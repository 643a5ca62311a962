package io.vdi.operator.common.model;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One window of {@code spec.schedule} as the API has it; docs/specification.md, section 1. Lists
 * are empty and texts are empty when they are not set.
 *
 * @param days {@code Mon} to {@code Sun}
 * @param start {@code HH:MM}; empty: the window starts nothing
 * @param stop {@code HH:MM}; empty: the window stops nothing
 * @param timeZone a name of the IANA time zone database
 * @param except dates ({@code YYYY-MM-DD}) on which the window starts nothing
 */
public record ScheduleWindow(
    List<String> days, String start, String stop, String timeZone, List<String> except) {
  /** The days as the API writes them. */
  public static final Map<String, DayOfWeek> DAYS =
      Map.of(
          "Mon", DayOfWeek.MONDAY,
          "Tue", DayOfWeek.TUESDAY,
          "Wed", DayOfWeek.WEDNESDAY,
          "Thu", DayOfWeek.THURSDAY,
          "Fri", DayOfWeek.FRIDAY,
          "Sat", DayOfWeek.SATURDAY,
          "Sun", DayOfWeek.SUNDAY);

  /** The most windows of a schedule, and the most dates of a window; as in the schema. */
  public static final int MAX_WINDOWS = 20;

  public static final int MAX_DATES = 100;

  private static final Pattern TIME = Pattern.compile("([01][0-9]|2[0-3]):[0-5][0-9]");
  private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");

  /** Without the names that {@link ZoneId#of} also accepts, such as {@code +02:00}. */
  private static final Set<String> TIME_ZONES = Set.copyOf(ZoneId.getAvailableZoneIds());

  public ScheduleWindow {
    days = VdiSession.withoutNulls(days);
    start = start == null ? "" : start;
    stop = stop == null ? "" : stop;
    timeZone = timeZone == null ? "" : timeZone;
    except = VdiSession.withoutNulls(except);
  }

  /** A time of day, such as {@code 08:55}; empty when the text is none. */
  public static Optional<LocalTime> time(String text) {
    return TIME.matcher(text).matches() ? Optional.of(LocalTime.parse(text)) : Optional.empty();
  }

  /** A date, such as {@code 2026-12-24}; empty when the text is none. */
  public static Optional<LocalDate> date(String text) {
    try {
      return DATE.matcher(text).matches() ? Optional.of(LocalDate.parse(text)) : Optional.empty();
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** A time zone, such as {@code Europe/Berlin}; empty when there is none of that name. */
  public static Optional<ZoneId> timeZone(String text) {
    return TIME_ZONES.contains(text) ? Optional.of(ZoneId.of(text)) : Optional.empty();
  }
}
