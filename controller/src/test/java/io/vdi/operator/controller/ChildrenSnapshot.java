package io.vdi.operator.controller;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.testing.SessionFixture;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The objects of a session without what differs between two sessions of the same spec: names, UIDs,
 * times, and what the API server, the scheduler and the provisioner add. Two sessions whose
 * snapshots are equal cannot be told apart by what they do; docs/specification.md, section 0.
 */
final class ChildrenSnapshot {
  private static final Set<String> METADATA = Set.of("labels", "annotations", "ownerReferences");

  /** Set by others, or different for each session. */
  private static final Set<String> DROPPED =
      Set.of(
          "uid",
          "clusterIP",
          "clusterIPs",
          "volumeName",
          "nodeName",
          "vdi.kasm.io/session-uid",
          "vdi.kasm.io/desired-hash",
          "vdi.kasm.io/claim-hash",
          "vdi.kasm.io/restarts",
          "vdi.kasm.io/turn-expires",
          "vdi.kasm.io/viewer-password-since",
          "vdi.kasm.io/released-at");

  private ChildrenSnapshot() {}

  /** JSON by kind; kinds without an object are absent. */
  static Map<String, String> of(SessionFixture session) {
    Map<String, String> snapshot = new TreeMap<>();
    for (ResourceType<?> type : SessionFixture.allChildTypes()) {
      if (session.hasChild(type)) {
        snapshot.put(type.kind(), normalized(session.childJson(type), session.name()).toString());
      }
    }
    return snapshot;
  }

  private static JsonElement normalized(JsonObject object, String name) {
    JsonObject kept = new JsonObject();
    JsonObject metadata = new JsonObject();
    object.getAsJsonObject("metadata").entrySet().stream()
        .filter(field -> METADATA.contains(field.getKey()))
        .forEach(field -> metadata.add(field.getKey(), field.getValue()));
    kept.add("metadata", metadata);
    if (object.has("spec")) {
      kept.add("spec", object.get("spec"));
    }
    return withoutDropped(JsonParser.parseString(kept.toString().replace(name, "NAME")));
  }

  private static JsonElement withoutDropped(JsonElement element) {
    return switch (element) {
      case JsonObject object -> {
        JsonObject copy = new JsonObject();
        object.entrySet().stream()
            .filter(field -> !isDropped(field.getKey()))
            .forEach(field -> copy.add(field.getKey(), withoutDropped(field.getValue())));
        yield copy;
      }
      case JsonArray array -> {
        JsonArray copy = new JsonArray();
        array.forEach(item -> copy.add(withoutDropped(item)));
        yield copy;
      }
      default -> element;
    };
  }

  private static boolean isDropped(String field) {
    return DROPPED.contains(field)
        || field.startsWith("pv.kubernetes.io/")
        || field.startsWith("volume.kubernetes.io/")
        || field.startsWith("volume.beta.kubernetes.io/");
  }
}
