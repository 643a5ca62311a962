package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import java.util.Map;

/**
 * An object that several sessions of a namespace share: the NetworkPolicy of the desktops of one
 * template, the Middleware of all routes, the ServersTransport of routes to HTTPS desktops, or the
 * Service of the gate. It has no owner: {@code controller.network} deletes it after the last
 * session that needs it. The Ingress of the gate's pages is written and deleted in the same way; it
 * is of one session, which owns it.
 *
 * @param body of a POST, and of a merge patch
 */
public record SharedObject(
    ResourceType<PartialObjectMetadata> type, String name, String hash, JsonObject body) {

  /** An object that is the same in every namespace. */
  static SharedObject of(
      ResourceType<PartialObjectMetadata> type, String name, Map<String, ?> spec) {
    V1ObjectMeta metadata =
        new V1ObjectMeta()
            .name(name)
            .labels(Map.of(Labels.NAME, Labels.SESSION, Labels.MANAGED_BY, Labels.OPERATOR));
    return of(type, name, ChildMetadata.object(type, metadata, ChildMetadata.json(spec)));
  }

  /** Adds the hash of the body to it as an annotation. */
  static SharedObject of(ResourceType<PartialObjectMetadata> type, String name, JsonObject body) {
    String hash = Hashes.sha256(DesiredObject.inOrder(body).toString(), 16);
    JsonObject metadata = body.getAsJsonObject("metadata");
    if (!metadata.has("annotations")) {
      metadata.add("annotations", new JsonObject());
    }
    metadata.getAsJsonObject("annotations").addProperty(Annotations.DESIRED_HASH, hash);
    return new SharedObject(type, name, hash, body);
  }

  /** Whether routes rely on it: no route is written before it exists. */
  public boolean guardsRoutes() {
    return !type.equals(ResourceType.NETWORK_POLICY);
  }

  /** Whether the existing object has the hash of this one. */
  public boolean matches(ObjectMeta existing) {
    return existing.annotation(Annotations.DESIRED_HASH).filter(hash::equals).isPresent();
  }

  @Override
  public String toString() {
    return type.kind() + " " + name;
  }
}
