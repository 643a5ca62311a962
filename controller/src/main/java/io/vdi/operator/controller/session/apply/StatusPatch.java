package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;

/**
 * A status as a JSON merge patch: every field that the controller owns, with null for absent
 * values. The field {@code lastActivityTime} belongs to the reaper and is not in the patch.
 */
final class StatusPatch {
  private StatusPatch() {}

  static JsonObject of(VdiSession.Status status) {
    JsonObject json = new JsonObject();
    json.addProperty("phase", status.currentPhase().map(p -> p.text()).orElse(null));
    json.addProperty("podName", emptyToNull(status.podName()));
    json.addProperty("url", emptyToNull(status.url()));
    time(json, "startTime", status.startTime());
    time(json, "expiresAt", status.expiresAt());
    json.addProperty("restarts", status.restarts() == 0 ? null : (Integer) status.restarts());
    json.addProperty("message", emptyToNull(status.message()));
    json.addProperty("observedGeneration", status.observedGeneration());
    JsonArray conditions = new JsonArray();
    for (Condition condition : status.conditions()) {
      JsonObject entry = new JsonObject();
      entry.addProperty("type", condition.type());
      entry.addProperty("status", condition.status());
      entry.addProperty("reason", condition.reason());
      entry.addProperty("message", condition.message());
      time(entry, "lastTransitionTime", condition.lastTransitionTime());
      entry.addProperty("observedGeneration", condition.observedGeneration());
      conditions.add(entry);
    }
    json.add("conditions", conditions);
    return json;
  }

  private static void time(JsonObject json, String field, Instant value) {
    if (value == null) {
      json.add(field, JsonNull.INSTANCE);
    } else {
      json.addProperty(field, value.toString());
    }
  }

  private static String emptyToNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
