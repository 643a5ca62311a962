package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Labels and annotations that the configuration adds to routes, for example for external-dns or
 * cert-manager. Other programs add their own, so a route records which ones are of the
 * configuration: only these are removed when they are removed there.
 */
public final class RouteMetadata {
  private static final String LABELS = "labels";
  private static final String ANNOTATIONS = "annotations";

  /** Traefik reads only routes of its class, if it has one. */
  private static final String TRAEFIK_CLASS = "kubernetes.io/ingress.class";

  private RouteMetadata() {}

  /** Adds them to the metadata of a route, which has the operator's own already. */
  static void add(V1ObjectMeta metadata, SessionConfig config) {
    SessionConfig.Ingress ingress = config.ingress();
    Map<String, String> annotations = new TreeMap<>(ingress.annotations());
    if (ingress.kind() == SessionConfig.IngressKind.TRAEFIK) {
      ingress.className().ifPresent(name -> annotations.put(TRAEFIK_CLASS, name));
    }
    add(metadata, ingress.labels(), annotations);
  }

  /** Adds these to the metadata of an object, and records that they are of the configuration. */
  static void add(
      V1ObjectMeta metadata, Map<String, String> labels, Map<String, String> annotations) {
    labels.forEach(metadata::putLabelsItem);
    annotations.forEach(metadata::putAnnotationsItem);
    Set<String> added = new TreeSet<>();
    labels.keySet().forEach(key -> added.add(LABELS + ":" + key));
    annotations.keySet().forEach(key -> added.add(ANNOTATIONS + ":" + key));
    if (!added.isEmpty()) {
      metadata.putAnnotationsItem(Annotations.ADDED_METADATA, String.join(",", added));
    }
  }

  /** A merge patch that removes what an earlier configuration added to this object. */
  public static JsonObject removals(ObjectMeta current, JsonObject desired) {
    JsonObject metadata = desired.getAsJsonObject("metadata");
    JsonObject removals = new JsonObject();
    List<String> before =
        current.annotation(Annotations.ADDED_METADATA).stream()
            .flatMap(text -> Arrays.stream(text.split(",", -1)))
            .toList();
    Stream.concat(
            before.stream(),
            before.isEmpty()
                ? Stream.empty()
                : Stream.of(ANNOTATIONS + ":" + Annotations.ADDED_METADATA))
        .filter(entry -> entry.indexOf(':') > 0)
        .forEach(entry -> {
          String map = entry.substring(0, entry.indexOf(':'));
          String key = entry.substring(map.length() + 1);
          boolean known = map.equals(LABELS) || map.equals(ANNOTATIONS);
          if (known && !metadata.getAsJsonObject(map).has(key)) {
            if (!removals.has(map)) {
              removals.add(map, new JsonObject());
            }
            removals.getAsJsonObject(map).add(key, JsonNull.INSTANCE);
          }
        });
    JsonObject patch = new JsonObject();
    if (!removals.isEmpty()) {
      patch.add("metadata", removals);
    }
    return patch;
  }
}
