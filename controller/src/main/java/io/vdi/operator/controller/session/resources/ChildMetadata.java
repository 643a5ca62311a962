package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1OwnerReference;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The metadata that all objects of a session share: labels, the exact e-mail address, the owner.
 */
public final class ChildMetadata {
  private ChildMetadata() {}

  static V1ObjectMeta metadata(VdiSession session, String name) {
    return metadata(session, name, Map.of()).ownerReferences(List.of(owner(session)));
  }

  static V1ObjectMeta metadata(VdiSession session, String name, Map<String, String> annotations) {
    Map<String, String> merged = new HashMap<>(annotations);
    merged.put(Annotations.USER, session.spec().user());
    merged.put(Annotations.SESSION_UID, session.uid());
    return new V1ObjectMeta()
        .name(name)
        .namespace(session.namespace())
        .labels(Labels.ofSession(session.name(), session.spec().user()))
        .annotations(merged);
  }

  /** The controller reference of every child. */
  public static V1OwnerReference owner(VdiSession session) {
    return new V1OwnerReference()
        .apiVersion(ResourceType.SESSION.apiVersion())
        .kind(ResourceType.SESSION.kind())
        .name(session.name())
        .uid(session.uid())
        .controller(true)
        .blockOwnerDeletion(true);
  }

  public static JsonObject json(Object model) {
    return KubeGson.gson().toJsonTree(model).getAsJsonObject();
  }

  /** The body of an object with a spec. */
  static JsonObject object(ResourceType<?> type, V1ObjectMeta metadata, JsonObject spec) {
    JsonObject body = new JsonObject();
    body.addProperty("apiVersion", type.apiVersion());
    body.addProperty("kind", type.kind());
    body.add("metadata", json(metadata));
    body.add("spec", spec);
    return body;
  }

  /** A merge patch of labels, annotations and owner; labels and annotations of others stay. */
  static JsonObject metadataPatch(V1ObjectMeta metadata) {
    JsonObject all = json(metadata);
    JsonObject kept = new JsonObject();
    kept.add("labels", all.get("labels"));
    kept.add("annotations", all.get("annotations"));
    kept.add(
        "ownerReferences",
        all.has("ownerReferences") ? all.get("ownerReferences") : JsonNull.INSTANCE);
    JsonObject patch = new JsonObject();
    patch.add("metadata", kept);
    return patch;
  }
}
