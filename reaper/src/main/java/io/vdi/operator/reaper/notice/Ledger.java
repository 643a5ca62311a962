package io.vdi.operator.reaper.notice;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.notice.Notice;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which notices which sinks have settled: delivered or given up. For one thread. It has an entry
 * only for as long as the notice can still be derived, so it stays small. A ConfigMap holds it:
 *
 * <ul>
 *   <li>{@code since.<sink>}: since when the sink is configured. What was before is not sent to it;
 *   <li>{@code <id of the notice>}: {@code <until, in seconds> <sinks>}, and behind it the notice
 *       itself, if its session may be gone before it is settled.
 * </ul>
 */
final class Ledger {
  /** A ConfigMap can have 1 MiB. */
  static final int MAX_CHARACTERS = 900_000;

  private static final String SINCE = "since.";

  /** For the clocks of different leaders. */
  private static final Duration MARGIN = Duration.ofMinutes(10);

  /** Quotes, colon and comma of an entry in JSON. */
  private static final int OVERHEAD = 6;

  private final Map<String, Instant> since = new TreeMap<>();
  private final Map<String, Entry> entries = new HashMap<>();

  /**
   * One notice.
   *
   * @param kept the notice, if its session may be gone before it is settled
   */
  private record Entry(Instant until, Set<String> settled, Optional<Notice> kept) {
    private Entry {
      settled = Set.copyOf(settled);
    }
  }

  /** The ledger in this data. What cannot be read, which only a manual edit can cause, is lost. */
  static Ledger parse(Map<String, String> data) {
    Ledger ledger = new Ledger();
    data.forEach((key, value) -> {
      try {
        if (key.startsWith(SINCE)) {
          ledger.since.put(key.substring(SINCE.length()), Instant.parse(value));
        } else {
          ledger.entries.put(key, entry(key, value));
        }
      } catch (DateTimeException | NumberFormatException | JsonParseException e) {
        ledger.entries.remove(key);
      }
    });
    return ledger;
  }

  private static Entry entry(String id, String value) {
    String[] parts = value.split(" ", 3);
    Instant until = Instant.ofEpochSecond(Long.parseLong(parts[0]));
    Set<String> settled = new HashSet<>();
    if (parts.length > 1) {
      Arrays.stream(parts[1].split(",", -1)).filter(sink -> !sink.isEmpty()).forEach(settled::add);
    }
    return new Entry(
        until, settled, parts.length > 2 ? notice(id, until, parts[2]) : Optional.empty());
  }

  /**
   * Makes these the sinks.
   *
   * @return whether there was another one, or one that is not configured any more
   */
  boolean setSinks(Set<String> sinks, Instant now) {
    boolean changed = since.keySet().retainAll(sinks);
    for (String sink : sinks) {
      changed |= since.putIfAbsent(sink, now) == null;
    }
    return changed;
  }

  /** Whether the notice is to be sent to this sink: it is not settled, and not of the past. */
  boolean isOpen(Notice notice, String sink) {
    Entry entry = entries.get(notice.id());
    return since.containsKey(sink)
        && !notice.at().isBefore(since.get(sink))
        && (entry == null || !entry.settled().contains(sink));
  }

  /** Keeps the notice itself until it is settled; returns whether it was not known. */
  boolean keep(Notice notice) {
    boolean open = since.keySet().stream().anyMatch(sink -> isOpen(notice, sink));
    return open
        && entries.putIfAbsent(
                notice.id(), new Entry(notice.until(), Set.of(), Optional.of(notice)))
            == null;
  }

  /** The sink needs the notice not any more. */
  void settle(Notice notice, String sink) {
    entries.merge(
        notice.id(), new Entry(notice.until(), Set.of(sink), Optional.empty()), this::union);
  }

  /** The union with what another process has written. */
  void merge(Ledger other) {
    other.since.forEach((sink, at) -> since.merge(sink, at, (a, b) -> a.isBefore(b) ? a : b));
    other.entries.forEach((id, entry) -> entries.merge(id, entry, this::union));
  }

  private Entry union(Entry a, Entry b) {
    Set<String> settled = new TreeSet<>(a.settled());
    settled.addAll(b.settled());
    Optional<Notice> kept = a.kept().or(b::kept);
    return new Entry(
        a.until(),
        settled,
        kept.filter(notice ->
            since.keySet().stream()
                .anyMatch(
                    sink -> !settled.contains(sink) && !notice.at().isBefore(since.get(sink)))));
  }

  /** The notices whose sessions may be gone, and which are not settled. */
  List<Notice> kept() {
    return entries.values().stream().flatMap(entry -> entry.kept().stream()).toList();
  }

  /** Drops what cannot be derived any more. */
  void prune(Instant now) {
    entries.values().removeIf(entry -> !now.isBefore(entry.until().plus(MARGIN)));
  }

  /**
   * What the ConfigMap holds. Above {@link #MAX_CHARACTERS} the entries that end first are left
   * out.
   */
  Map<String, String> data() {
    Map<String, String> data = new TreeMap<>();
    int size = 0;
    for (Map.Entry<String, Instant> sink : since.entrySet()) {
      data.put(SINCE + sink.getKey(), sink.getValue().toString());
      size += SINCE.length() + sink.getKey().length() + 40;
    }
    List<Map.Entry<String, Entry>> latestFirst = new ArrayList<>(entries.entrySet());
    latestFirst.sort(
        Map.Entry.<String, Entry>comparingByValue(Comparator.comparing(Entry::until)).reversed());
    for (Map.Entry<String, Entry> entry : latestFirst) {
      String text = text(entry.getValue());
      // The quotes of the notice in JSON are escaped.
      size += entry.getKey().length() + text.length() + OVERHEAD + quotes(text);
      if (size > MAX_CHARACTERS) {
        break;
      }
      data.put(entry.getKey(), text);
    }
    return data;
  }

  private static int quotes(String text) {
    return (int) text.chars().filter(c -> c == '"').count();
  }

  int size() {
    return entries.size();
  }

  private static String text(Entry entry) {
    String settled = String.join(",", new TreeSet<>(entry.settled()));
    String text = entry.until().getEpochSecond() + " " + settled;
    return entry.kept().map(notice -> text + " " + json(notice)).orElse(text);
  }

  private static JsonObject json(Notice notice) {
    JsonObject json = new JsonObject();
    json.addProperty("kind", notice.kind().name());
    json.addProperty("reason", notice.reason());
    json.addProperty("namespace", notice.session().namespace());
    json.addProperty("name", notice.session().name());
    json.addProperty("uid", notice.uid());
    json.addProperty("user", notice.user());
    json.addProperty("template", notice.template());
    json.addProperty("url", notice.url());
    json.addProperty("at", notice.at().toString());
    return json;
  }

  private static Optional<Notice> notice(String id, Instant until, String text) {
    JsonObject json = JsonParser.parseString(text).getAsJsonObject();
    return kind(json.get("kind").getAsString())
        .map(kind ->
            new Notice(
                id,
                kind,
                json.get("reason").getAsString(),
                new SessionKey(json.get("namespace").getAsString(), json.get("name").getAsString()),
                json.get("uid").getAsString(),
                json.get("user").getAsString(),
                json.get("template").getAsString(),
                json.get("url").getAsString(),
                Instant.parse(json.get("at").getAsString()),
                until));
  }

  private static Optional<Notice.Kind> kind(String name) {
    return Arrays.stream(Notice.Kind.values()).filter(kind -> kind.name().equals(name)).findFirst();
  }
}
