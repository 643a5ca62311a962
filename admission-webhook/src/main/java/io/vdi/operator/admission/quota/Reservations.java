package io.vdi.operator.admission.quota;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ConfigMap;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The content of the ConfigMap.
 *
 * @param version its resourceVersion; empty if it does not exist yet
 * @param entries by reservation ID
 * @param lastReleasedResourceVersion the highest resourceVersion of a session whose reservation was
 *     released because the session was observed. A replica whose cache is older counts neither the
 *     session nor the reservation, so it must not decide
 */
record Reservations(String version, Map<String, Entry> entries, long lastReleasedResourceVersion) {
  static final String NAME = "vdi-quota-reservations";
  static final Reservations NONE = new Reservations("", Map.of(), 0);

  /** The key of lastReleasedResourceVersion; stored in clusters, so it does not change. */
  private static final String LAST_RELEASED_KEY = "dropped";

  /**
   * The bytes that all entries may have; a ConfigMap can have 1 MiB. About 2,500 entries with names
   * of usual lengths.
   */
  static final int MAX_BYTES = 900 * 1024;

  /** Longer than a UUID, which the ID of a request is. */
  private static final int MAX_ID = 128;

  /** An upper limit for what an entry has besides its names. */
  private static final int ENTRY_OVERHEAD = 200;

  /** Gson writes some characters as an escape of 6 bytes. */
  private static final int MAX_BYTES_PER_CHARACTER = 6;

  /**
   * A granted request.
   *
   * @param grantedAt by the clock of the replica that granted it; for people only, because clocks
   *     of replicas can differ
   */
  record Entry(QuotaRequest request, Instant grantedAt) {
    /** At least as many bytes as the entry has in the ConfigMap. */
    int maxBytes() {
      return ENTRY_OVERHEAD
          + request.namespace().length()
          + request.template().length()
          + request.claim().length()
          + MAX_BYTES_PER_CHARACTER * request.user().length();
    }
  }

  /**
   * Whether this can be the ID of a reservation. An ID is a key of the ConfigMap: the API server
   * would refuse an illegal one, and with it the reservations of all others.
   */
  static boolean isId(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_ID
        && !text.equals(LAST_RELEASED_KEY)
        && text.chars().allMatch(c -> c == '-' || (c < 0x80 && Character.isLetterOrDigit(c)));
  }

  /**
   * Reads the ConfigMap. An unreadable entry, which only a manual edit can cause, is skipped, and
   * the next write deletes it.
   */
  static Reservations of(ConfigMap map) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    long lastReleased = 0;
    for (Map.Entry<String, String> entry : new TreeMap<>(map.data()).entrySet()) {
      try {
        if (entry.getKey().equals(LAST_RELEASED_KEY)) {
          lastReleased = Long.parseLong(entry.getValue());
        } else {
          entries.put(entry.getKey(), entry(entry.getValue()));
        }
      } catch (JsonParseException
          | DateTimeParseException
          | IllegalStateException
          | NumberFormatException
          | NullPointerException e) {
        // Unreadable.
      }
    }
    return new Reservations(map.metadata().resourceVersion(), Map.copyOf(entries), lastReleased);
  }

  /**
   * The same reservations if the API server has reached their version. Otherwise the version
   * belongs to another history, such as that of the cluster before it was restored from a backup,
   * and the API server's version replaces it: 0 would let a replica with an older cache decide
   * although sessions were released since. The entries stay. One of them can belong to a request in
   * flight; the others expire like those of failed requests.
   *
   * @param apiServerVersion of a list that was requested after this was read; 0 if unknown
   */
  Reservations inHistoryOf(long apiServerVersion) {
    return apiServerVersion > 0 && lastReleasedResourceVersion > apiServerVersion
        ? new Reservations(version, entries, apiServerVersion)
        : this;
  }

  private static Entry entry(String text) {
    JsonObject entry = JsonParser.parseString(text).getAsJsonObject();
    return new Entry(
        new QuotaRequest(
            entry.get("user").getAsString(),
            entry.get("namespace").getAsString(),
            entry.get("template").getAsString(),
            new ResourceAmounts(
                entry.get("sessions").getAsLong(),
                entry.get("gpus").getAsLong(),
                entry.has("storage") ? entry.get("storage").getAsLong() : 0),
            entry.has("claim") ? entry.get("claim").getAsString() : ""),
        Instant.parse(entry.get("time").getAsString()));
  }

  /** The data of the ConfigMap with this content. */
  Map<String, String> data() {
    Map<String, String> data = new LinkedHashMap<>();
    data.put(LAST_RELEASED_KEY, String.valueOf(lastReleasedResourceVersion));
    entries.forEach((id, granted) -> {
      QuotaRequest request = granted.request();
      JsonObject entry = new JsonObject();
      entry.addProperty("user", request.user());
      entry.addProperty("namespace", request.namespace());
      entry.addProperty("template", request.template());
      entry.addProperty("sessions", request.amount().sessions());
      entry.addProperty("gpus", request.amount().gpus());
      if (request.amount().storage() > 0) {
        entry.addProperty("storage", request.amount().storage());
        entry.addProperty("claim", request.claim());
      }
      entry.addProperty("time", granted.grantedAt().toString());
      data.put(id, entry.toString());
    });
    return data;
  }
}
