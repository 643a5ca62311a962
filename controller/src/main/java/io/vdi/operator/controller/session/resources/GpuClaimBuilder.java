package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.pod.PodClaims;
import java.util.Map;

/**
 * Builds the ResourceClaimTemplate of a session whose template names a DeviceClass. Kubernetes
 * makes the claim of each pod from it and deletes the claim with the pod, so that a suspended
 * session holds no device; docs/decisions/dra.md. Its spec cannot change: the planner replaces it.
 */
final class GpuClaimBuilder {
  private GpuClaimBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    GpuRequest.DeviceClass devices = resolved.devices().orElseThrow();
    String name = ChildKind.GPU_CLAIM.nameFor(resolved.name());
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), name);
    JsonObject spec =
        ChildMetadata.json(
            Map.of(
                "metadata",
                Map.of(
                    "labels", Labels.ofSession(resolved.name(), resolved.session().spec().user())),
                "spec",
                PodClaims.spec(devices, resolved.spec().gpu())));
    JsonObject body = ChildMetadata.object(ResourceType.RESOURCE_CLAIM_TEMPLATE, metadata, spec);
    return DesiredObject.unchangeable(
        ChildKind.GPU_CLAIM,
        ResourceType.RESOURCE_CLAIM_TEMPLATE,
        name,
        body,
        ChildMetadata.metadataPatch(metadata));
  }
}
