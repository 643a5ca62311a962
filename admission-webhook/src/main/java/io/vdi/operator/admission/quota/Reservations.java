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
 * What stands in the ConfigMap.
 *
 * @param version its resourceVersion; empty where there is none yet
 * @param entries by the id of the request that was admitted
 * @param dropped the latest resourceVersion of a session whose reservation was taken out because it
 *     could be seen: whoever has not seen as far, sees too little
 */
record Reservations(String version, Map<String, Entry> entries, long dropped) {
  static final String NAME = "vdi-quota-reservations";
  static final Reservations NONE = new Reservations("", Map.of(), 0);

  private static final String DROPPED = "dropped";

  /**
   * What one request was granted.
   *
   * @param at by the clock of the replica that granted it; for people, nothing is decided by it
   */
  record Entry(QuotaRequest share, Instant at) {}

  /** An entry that cannot be read is passed over: it names nothing that could be counted. */
  static Reservations of(ConfigMap map) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    long dropped = 0;
    for (Map.Entry<String, String> entry : new TreeMap<>(map.data()).entrySet()) {
      try {
        if (entry.getKey().equals(DROPPED)) {
          dropped = Long.parseLong(entry.getValue());
        } else {
          entries.put(entry.getKey(), entry(entry.getValue()));
        }
      } catch (JsonParseException
          | DateTimeParseException
          | IllegalStateException
          | NumberFormatException
          | NullPointerException e) {
        // Somebody has written there by hand; with the next write it is gone.
      }
    }
    return new Reservations(map.metadata().resourceVersion(), Map.copyOf(entries), dropped);
  }

  private static Entry entry(String text) {
    JsonObject entry = JsonParser.parseString(text).getAsJsonObject();
    return new Entry(
        new QuotaRequest(
            entry.get("user").getAsString(),
            entry.get("namespace").getAsString(),
            entry.get("template").getAsString(),
            new ResourceAmounts(entry.get("sessions").getAsLong(), entry.get("gpus").getAsLong())),
        Instant.parse(entry.get("time").getAsString()));
  }

  /** The ConfigMap with this content; the API server refuses it where somebody was faster. */
  JsonObject json(String namespace) {
    JsonObject data = new JsonObject();
    data.addProperty(DROPPED, String.valueOf(dropped));
    entries.forEach((id, granted) -> {
      QuotaRequest share = granted.share();
      JsonObject entry = new JsonObject();
      entry.addProperty("user", share.user());
      entry.addProperty("namespace", share.namespace());
      entry.addProperty("template", share.template());
      entry.addProperty("sessions", share.amount().sessions());
      entry.addProperty("gpus", share.amount().gpus());
      entry.addProperty("time", granted.at().toString());
      data.addProperty(id, entry.toString());
    });
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", NAME);
    metadata.addProperty("namespace", namespace);
    if (!version.isEmpty()) {
      metadata.addProperty("resourceVersion", version);
    }
    JsonObject map = new JsonObject();
    map.addProperty("apiVersion", "v1");
    map.addProperty("kind", "ConfigMap");
    map.add("metadata", metadata);
    map.add("data", data);
    return map;
  }
}
