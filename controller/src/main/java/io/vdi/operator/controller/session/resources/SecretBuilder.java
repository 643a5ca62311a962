package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Secret;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;

/**
 * Builds the Secret with the session's password and its TURN credentials, without the secret
 * values. The executor generates them when it creates the Secret, so that they are in no plan and
 * in no log.
 */
final class SecretBuilder {
  private SecretBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    String name = ChildKind.SECRET.nameFor(resolved.name());
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), name);
    JsonObject body =
        ChildMetadata.json(
            new V1Secret()
                .apiVersion("v1")
                .kind(ResourceType.SECRET.kind())
                .metadata(metadata)
                .type("Opaque"));
    return DesiredObject.of(
        ChildKind.SECRET, ResourceType.SECRET, name, body, ChildMetadata.metadataPatch(metadata));
  }
}
