package io.vdi.operator.controller.session.apply;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;

/**
 * A status as a merge patch: every field that is the controller's, with null for what is not there.
 * The reaper's field {@code lastActivityTime} is left alone.
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
    json.addProperty("message", emptyToNull(status.message()));
    json.addProperty("observedGeneration", status.observedGeneration());
    JsonArray conditions = new JsonArray();
    for (Condition condition : status.conditions()) {
      JsonObject one = new JsonObject();
      one.addProperty("type", condition.type());
      one.addProperty("status", condition.status());
      one.addProperty("reason", condition.reason());
      one.addProperty("message", condition.message());
      time(one, "lastTransitionTime", condition.lastTransitionTime());
      one.addProperty("observedGeneration", condition.observedGeneration());
      conditions.add(one);
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
