package io.vdi.operator.reaper.execution;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The latest verdict on each session, orphan and home that is not in its normal state: the source
 * of {@code /report}, of the table in the log, and of the gauges.
 */
public final class ReaperReport {
  /** How many entries a report lists; its counts and the gauges include all. */
  private static final int MAX_ENTRIES = 1000;

  private final Map<String, ReportEntry> byUid = new ConcurrentHashMap<>();

  void put(String uid, ReportEntry entry) {
    byUid.put(uid, entry);
  }

  void remove(String uid) {
    byUid.remove(uid);
  }

  private long count(ReportEntry.State state) {
    return byUid.values().stream().filter(entry -> entry.state() == state).count();
  }

  public long overdue() {
    return count(ReportEntry.State.OVERDUE);
  }

  public long stuck() {
    return count(ReportEntry.State.STUCK);
  }

  public long homes() {
    return count(ReportEntry.State.HOME);
  }

  /**
   * How many orphans of one kind there are.
   *
   * @param kind such as {@code Pod}
   */
  public long orphans(String kind) {
    return byUid.values().stream()
        .filter(entry -> entry.state() == ReportEntry.State.ORPHAN && entry.kind().equals(kind))
        .count();
  }

  /** The number of entries by state, and the first 1,000 by state and due time. */
  public JsonObject json() {
    JsonObject counts = new JsonObject();
    for (ReportEntry.State state : ReportEntry.State.values()) {
      counts.addProperty(text(state), count(state));
    }
    JsonArray list = new JsonArray();
    for (ReportEntry entry : sorted()) {
      JsonObject json = new JsonObject();
      json.addProperty("state", text(entry.state()));
      json.addProperty("kind", entry.kind());
      json.addProperty("namespace", entry.namespace());
      json.addProperty("name", entry.name());
      entry.due().ifPresent(due -> json.addProperty("due", due.toString()));
      json.addProperty("reason", entry.reason());
      json.addProperty("message", entry.message());
      list.add(json);
    }
    JsonObject json = new JsonObject();
    json.add("counts", counts);
    json.add("findings", list);
    return json;
  }

  /** The same entries as a table; empty if there are none. */
  public String table() {
    List<ReportEntry> entries = sorted();
    if (entries.isEmpty()) {
      return "";
    }
    int width = entries.stream().mapToInt(entry -> entry.object().length()).max().orElse(0);
    String row = "%-8s %-" + width + "s %-20s %s%n";
    StringBuilder table =
        new StringBuilder(String.format(row, "STATE", "OBJECT", "DUE", "MESSAGE"));
    for (ReportEntry entry : entries) {
      table.append(
          String.format(
              row,
              text(entry.state()),
              entry.object(),
              entry.due().map(due -> due.toString()).orElse("-"),
              entry.message()));
    }
    return table.toString().stripTrailing();
  }

  private List<ReportEntry> sorted() {
    return byUid.values().stream()
        .sorted(
            Comparator.comparing(ReportEntry::state)
                .thenComparing(entry -> entry.due().orElse(Instant.MAX))
                .thenComparing(ReportEntry::object))
        .limit(MAX_ENTRIES)
        .toList();
  }

  private static String text(ReportEntry.State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
