package io.vdi.operator.common.pod;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Map;
import java.util.Optional;

/**
 * Merges a partial PodSpec over another one, as {@code kubectl patch --type=strategic} does: maps
 * are merged, lists with a merge key by that key, and other lists and values are replaced. The keys
 * are those of the Kubernetes API ({@code x-kubernetes-patch-merge-key}). Items that are new in a
 * merged list come last, so that the desktop's container stays the first. Directives such as {@code
 * $patch} and null do not occur: {@link PodTemplateRules} refuses them.
 */
public final class StrategicMerge {
  private static final Map<String, String> OF_POD =
      Map.ofEntries(
          Map.entry("containers", "name"),
          Map.entry("initContainers", "name"),
          Map.entry("volumes", "name"),
          Map.entry("imagePullSecrets", "name"),
          Map.entry("resourceClaims", "name"),
          Map.entry("schedulingGates", "name"),
          Map.entry("hostAliases", "ip"),
          Map.entry("topologySpreadConstraints", "topologyKey"));

  private static final Map<String, String> OF_CONTAINER =
      Map.of(
          "env", "name",
          "ports", "containerPort",
          "volumeMounts", "mountPath",
          "volumeDevices", "devicePath");

  private static final Map<String, String> NONE = Map.of();

  private StrategicMerge() {}

  /** The merged PodSpec; the arguments stay unchanged. */
  public static JsonObject podSpec(JsonObject base, JsonObject overlay) {
    return merge(base, overlay, OF_POD);
  }

  private static JsonObject merge(
      JsonObject base, JsonObject overlay, Map<String, String> mergeKeys) {
    JsonObject merged = base.deepCopy();
    for (Map.Entry<String, JsonElement> entry : overlay.entrySet()) {
      String field = entry.getKey();
      merged.add(
          field,
          merge(
              Optional.ofNullable(base.get(field)),
              entry.getValue(),
              Optional.ofNullable(mergeKeys.get(field)),
              field.equals("containers") || field.equals("initContainers") ? OF_CONTAINER : NONE));
    }
    return merged;
  }

  private static JsonElement merge(
      Optional<JsonElement> base,
      JsonElement overlay,
      Optional<String> key,
      Map<String, String> keysOfItems) {
    if (base.orElse(null) instanceof JsonObject object && overlay instanceof JsonObject other) {
      return merge(object, other, NONE);
    }
    if (base.orElse(null) instanceof JsonArray array
        && overlay instanceof JsonArray other
        && key.isPresent()) {
      return merge(array, other, key.get(), keysOfItems);
    }
    return overlay.deepCopy();
  }

  private static JsonArray merge(
      JsonArray base, JsonArray overlay, String key, Map<String, String> keysOfItems) {
    JsonArray merged = base.deepCopy();
    for (JsonElement item : overlay) {
      int present = indexOf(merged, key, item);
      if (present < 0) {
        merged.add(item.deepCopy());
      } else {
        merged.set(
            present,
            merge(merged.get(present).getAsJsonObject(), item.getAsJsonObject(), keysOfItems));
      }
    }
    return merged;
  }

  private static int indexOf(JsonArray items, String key, JsonElement like) {
    for (int i = 0; i < items.size(); i++) {
      if (like instanceof JsonObject wanted
          && wanted.has(key)
          && items.get(i) instanceof JsonObject item
          && wanted.get(key).equals(item.get(key))) {
        return i;
      }
    }
    return -1;
  }
}
