package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.ScheduleWindow;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.function.Predicate;

/** The rules for schedules of sessions and templates; docs/specification.md, section 1. */
final class ScheduleRules {
  private static final int DAYS = 7;
  private static final String DAY = "must be one of Mon, Tue, Wed, Thu, Fri, Sat, Sun";
  private static final String TIME = "must be a time of day in quotes, such as \"08:55\"";
  private static final String ZONE =
      "must be the name of a time zone, such as Europe/Berlin or UTC";

  private ScheduleRules() {}

  static void check(FieldValidator spec) {
    JsonArray windows = spec.list("schedule").orElseGet(JsonArray::new);
    if (windows.size() > ScheduleWindow.MAX_WINDOWS) {
      spec.report(
          "schedule",
          windows,
          "must have at most %d windows: merge those with the same times"
              .formatted(ScheduleWindow.MAX_WINDOWS));
      return;
    }
    for (int i = 0; i < windows.size(); i++) {
      if (windows.get(i) instanceof JsonObject window) {
        window(spec.item("schedule", i, window));
      } else {
        spec.report(
            "schedule[" + i + "]",
            windows.get(i),
            "must be an object with days, timeZone, and start, stop, or both");
      }
    }
  }

  static void awakeUntil(FieldValidator spec) {
    spec.string(
        "awakeUntil",
        ScheduleRules::isInstant,
        "must be a time with its offset from UTC, such as 2026-11-26T20:00:00Z");
  }

  /** A window that no session can use to its end. */
  static Optional<String> warning(Defaults.EffectiveSpec spec) {
    return spec.schedule()
        .longestWindow()
        .filter(length -> length.compareTo(spec.lifetime()) > 0)
        .map(length ->
            "spec.schedule has a window of %s, and the timeout is %s: the session is deleted before its stop; set spec.timeout above %s"
                .formatted(
                    Durations.format(length),
                    Durations.format(spec.lifetime()),
                    Durations.format(length)));
  }

  private static void window(FieldValidator window) {
    window.require("days", "give the days of the week, such as [Mon, Fri]");
    items(window, "days", DAYS, ScheduleWindow.DAYS::containsKey, DAY);
    window
        .list("days")
        .filter(JsonArray::isEmpty)
        .ifPresent(days -> window.report("days", days, "must have at least one day: " + DAY));
    if (window.value("start").isEmpty() && window.value("stop").isEmpty()) {
      window.require("start", "give start, stop, or both");
    }
    for (String field : new String[] {"start", "stop"}) {
      window.string(field, text -> ScheduleWindow.time(text).isPresent(), TIME);
    }
    window.require("timeZone", ZONE);
    window.string("timeZone", text -> ScheduleWindow.timeZone(text).isPresent(), ZONE);
    items(
        window,
        "except",
        ScheduleWindow.MAX_DATES,
        text -> ScheduleWindow.date(text).isPresent(),
        "must be a date, such as 2026-12-24");
  }

  private static void items(
      FieldValidator window, String field, int max, Predicate<String> legal, String rule) {
    JsonArray items = window.list(field).orElseGet(JsonArray::new);
    if (items.size() > max) {
      window.report(field, items, "must have at most " + max + " items");
      return;
    }
    for (int i = 0; i < items.size(); i++) {
      JsonElement item = items.get(i);
      if (!(item instanceof JsonPrimitive p) || !p.isString() || !legal.test(p.getAsString())) {
        window.report(field + "[" + i + "]", item, rule);
      }
    }
  }

  static boolean isInstant(String text) {
    try {
      DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }
}
