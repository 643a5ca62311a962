package io.vdi.operator.reaper.execution;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What was found out last about all that does not simply stay: the source of the report. */
public final class ReaperReport {
  /** The report is for people; counts are in the metrics. */
  private static final int SHOWN = 1000;

  private final Map<String, ReportEntry> byUid = new ConcurrentHashMap<>();

  void put(String uid, ReportEntry finding) {
    byUid.put(uid, finding);
  }

  void remove(String uid) {
    byUid.remove(uid);
  }

  private long count(ReportEntry.Sort sort) {
    return byUid.values().stream().filter(finding -> finding.sort() == sort).count();
  }

  public long overdue() {
    return count(ReportEntry.Sort.OVERDUE);
  }

  public long stuck() {
    return count(ReportEntry.Sort.STUCK);
  }

  public long homes() {
    return count(ReportEntry.Sort.HOME);
  }

  /** Orphans of one kind. */
  public long orphans(String kind) {
    return byUid.values().stream()
        .filter(finding -> finding.sort() == ReportEntry.Sort.ORPHAN && finding.kind().equals(kind))
        .count();
  }

  /** As JSON: how many of each sort, and the most urgent of them. */
  public JsonObject json() {
    JsonObject counts = new JsonObject();
    for (ReportEntry.Sort sort : ReportEntry.Sort.values()) {
      counts.addProperty(word(sort), count(sort));
    }
    JsonArray list = new JsonArray();
    for (ReportEntry finding : mostUrgent()) {
      JsonObject one = new JsonObject();
      one.addProperty("state", word(finding.sort()));
      one.addProperty("kind", finding.kind());
      one.addProperty("namespace", finding.namespace());
      one.addProperty("name", finding.name());
      finding.due().ifPresent(due -> one.addProperty("due", due.toString()));
      one.addProperty("reason", finding.reason());
      one.addProperty("message", finding.message());
      list.add(one);
    }
    JsonObject json = new JsonObject();
    json.add("counts", counts);
    json.add("findings", list);
    return json;
  }

  /** As a table, empty where there is nothing to tell. */
  public String table() {
    List<ReportEntry> list = mostUrgent();
    if (list.isEmpty()) {
      return "";
    }
    int width = list.stream().mapToInt(finding -> what(finding).length()).max().orElse(0);
    String row = "%-8s %-" + width + "s %-20s %s%n";
    StringBuilder table = new StringBuilder(String.format(row, "STATE", "WHAT", "DUE", "WHY"));
    for (ReportEntry finding : list) {
      table.append(
          String.format(
              row,
              word(finding.sort()),
              what(finding),
              finding.due().map(due -> due.toString()).orElse("-"),
              finding.message()));
    }
    return table.toString().stripTrailing();
  }

  private List<ReportEntry> mostUrgent() {
    return byUid.values().stream()
        .sorted(
            Comparator.comparing(ReportEntry::sort)
                .thenComparing(finding -> finding.due().orElse(Instant.MAX))
                .thenComparing(ReaperReport::what))
        .limit(SHOWN)
        .toList();
  }

  private static String what(ReportEntry finding) {
    return finding.kind() + " " + finding.namespace() + "/" + finding.name();
  }

  private static String word(ReportEntry.Sort sort) {
    return sort.name().toLowerCase(Locale.ROOT);
  }
}
