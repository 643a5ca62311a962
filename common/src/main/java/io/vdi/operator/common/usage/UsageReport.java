package io.vdi.operator.common.usage;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.VdiUsage;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Sums intervals of use by the dimensions that the reader wants; docs/specification.md, section 9.
 * An interval counts from {@code from} to {@code to}, and for each month only its part in it.
 * Intervals are added one by one, so that they need not be in memory together.
 */
public final class UsageReport {
  /** What a row is about. */
  public enum Dimension {
    /** The e-mail address, in lower case. */
    USER,
    /**
     * A recorded group. The use of a person in two groups counts in both, so the sum of all groups
     * can exceed the total. Without a group it is empty.
     */
    GROUP,
    TEMPLATE,
    /** Such as {@code 2026-11}, in the time zone of the report. */
    MONTH;

    /** What {@link #parse} reads, for messages. */
    public static final String RULE =
        "a list of user, group, template and month, each at most once, such as user,month";

    /** Its name in requests and answers. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a list such as {@code user,month}.
     *
     * @return empty if a part is no dimension, or the same as one before
     */
    public static Optional<List<Dimension>> parse(String list) {
      List<Dimension> found =
          Stream.of(list.split(",", -1))
              .flatMap(text -> Stream.of(values()).filter(value -> value.text().equals(text)))
              .distinct()
              .toList();
      return found.size() == list.split(",", -1).length ? Optional.of(found) : Optional.empty();
    }
  }

  /**
   * @param keys the values of the dimensions, in their order
   * @param sessions how many sessions have used a desktop
   * @param gpuSeconds seconds multiplied by the number of GPUs
   */
  public record Row(List<String> keys, long sessions, long seconds, long gpuSeconds) {}

  private static final class Sum {
    private final Set<String> sessions = new HashSet<>();
    private long seconds;
    private long gpuSeconds;
  }

  private final List<Dimension> by;
  private final UsagePeriod period;
  private final Map<List<String>, Sum> sums = new HashMap<>();

  public UsageReport(List<Dimension> by, UsagePeriod period) {
    this.by = List.copyOf(by);
    this.period = period;
  }

  public List<Dimension> by() {
    return by;
  }

  public UsagePeriod period() {
    return period;
  }

  /** Adds an interval. One that has no part in the period adds no row. */
  public void add(VdiUsage.Spec interval) {
    Instant from = period.from();
    Instant to = period.to();
    if (!by.contains(Dimension.MONTH)) {
      add(interval, "", interval.within(from, to));
      return;
    }
    Instant first = interval.start().isBefore(from) ? from : interval.start();
    Instant last = interval.endedAt().filter(end -> end.isBefore(to)).orElse(to);
    YearMonth month = YearMonth.from(first.atZone(period.zone()));
    for (Instant border = start(month); border.isBefore(last); border = start(month)) {
      YearMonth next = month.plusMonths(1);
      add(
          interval,
          month.toString(),
          interval.within(later(border, from), earlier(start(next), to)));
      month = next;
    }
  }

  private Instant start(YearMonth month) {
    return month.atDay(1).atStartOfDay(period.zone()).toInstant();
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private void add(VdiUsage.Spec interval, String month, Duration part) {
    if (part.isZero()) {
      return;
    }
    List<String> groups =
        !by.contains(Dimension.GROUP) || interval.groups().isEmpty()
            ? List.of("")
            : interval.groups();
    for (String group : groups) {
      List<String> keys = new ArrayList<>(by.size());
      for (Dimension dimension : by) {
        keys.add(
            switch (dimension) {
              case USER -> EmailAddress.key(interval.user());
              case GROUP -> group;
              case TEMPLATE -> interval.template();
              case MONTH -> month;
            });
      }
      Sum sum = sums.computeIfAbsent(List.copyOf(keys), any -> new Sum());
      sum.sessions.add(interval.session().uid());
      sum.seconds += part.toSeconds();
      sum.gpuSeconds += part.toSeconds() * interval.gpu().count();
    }
  }

  /** The sums, sorted by their keys. */
  public List<Row> rows() {
    return sums.entrySet().stream()
        .map(sum ->
            new Row(
                sum.getKey(),
                sum.getValue().sessions.size(),
                sum.getValue().seconds,
                sum.getValue().gpuSeconds))
        .sorted((a, b) -> compare(a.keys(), b.keys()))
        .toList();
  }

  private static int compare(List<String> a, List<String> b) {
    for (int i = 0; i < a.size(); i++) {
      int order = a.get(i).compareTo(b.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  /** The rows and the period; the answer of {@code GET /api/v1/usage}. */
  public JsonObject json() {
    JsonArray items = new JsonArray();
    for (Row row : rows()) {
      JsonObject item = new JsonObject();
      for (int i = 0; i < by.size(); i++) {
        item.addProperty(by.get(i).text(), row.keys().get(i));
      }
      item.addProperty("sessions", row.sessions());
      item.addProperty("seconds", row.seconds());
      item.addProperty("gpuSeconds", row.gpuSeconds());
      items.add(item);
    }
    JsonObject json = new JsonObject();
    json.add("items", items);
    json.addProperty("from", period.from().toString());
    json.addProperty("to", period.to().truncatedTo(ChronoUnit.SECONDS).toString());
    json.addProperty("timeZone", period.zone().getId());
    return json;
  }

  /** Seconds in hours, in tenths, rounded down. */
  public static String hours(long seconds) {
    long tenths = seconds / 360;
    return tenths % 10 == 0 ? String.valueOf(tenths / 10) : tenths / 10 + "." + tenths % 10;
  }

  /**
   * The rows as CSV (RFC 4180) with a header. Text that a spreadsheet would read as a formula gets
   * an apostrophe in front.
   */
  public String csv() {
    StringBuilder text = new StringBuilder();
    line(
        text,
        Stream.concat(
            by.stream().map(Dimension::text), Stream.of("sessions", "seconds", "gpuSeconds")));
    for (Row row : rows()) {
      line(
          text,
          Stream.concat(
              row.keys().stream(),
              Stream.of(row.sessions(), row.seconds(), row.gpuSeconds()).map(String::valueOf)));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, Stream<String> fields) {
    text.append(String.join(",", fields.map(UsageReport::field).toList())).append("\r\n");
  }

  private static String field(String value) {
    boolean formula = !value.isEmpty() && "=+-@\t\r\n".indexOf(value.charAt(0)) >= 0;
    String safe = formula ? "'" + value : value;
    return safe.chars().anyMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n')
        ? "\"" + safe.replace("\"", "\"\"") + "\""
        : safe;
  }
}
