package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Secret;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;

/**
 * The session's password, and its TURN credentials. What is here is all but the secret values:
 * those the applier draws in the moment of creation, so that they never stand in a plan or a log.
 */
final class SecretBuilder {
  private SecretBuilder() {}

  static DesiredObject of(ResolvedSession workload) {
    V1ObjectMeta metadata =
        ChildMetadata.metadata(workload.session(), ResourceNames.secret(workload.name()));
    JsonObject body =
        ChildMetadata.json(
            new V1Secret()
                .apiVersion("v1")
                .kind(ResourceType.SECRET.kind())
                .metadata(metadata)
                .type("Opaque"));
    return DesiredObject.of(
        ResourceType.SECRET,
        ResourceNames.secret(workload.name()),
        body,
        ChildMetadata.metadataPatch(metadata));
  }
}
