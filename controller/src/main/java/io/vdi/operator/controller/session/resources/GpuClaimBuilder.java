package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import java.util.HashMap;
import java.util.List;
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
                Map.of("devices", claim(devices, resolved.spec().gpu()))));
    JsonObject body = ChildMetadata.object(ResourceType.RESOURCE_CLAIM_TEMPLATE, metadata, spec);
    return DesiredObject.unchangeable(
        ChildKind.GPU_CLAIM,
        ResourceType.RESOURCE_CLAIM_TEMPLATE,
        name,
        body,
        ChildMetadata.metadataPatch(metadata));
  }

  private static Map<String, Object> claim(GpuRequest.DeviceClass devices, int count) {
    Map<String, Object> exactly = new HashMap<>();
    exactly.put("deviceClassName", devices.name());
    exactly.put("allocationMode", "ExactCount");
    exactly.put("count", count);
    if (!devices.selectors().isEmpty()) {
      exactly.put(
          "selectors",
          devices.selectors().stream()
              .map(selector -> Map.of("cel", Map.of("expression", selector)))
              .toList());
    }
    String request = GpuRequest.DeviceClass.CLAIM;
    Map<String, Object> claim = new HashMap<>();
    claim.put("requests", List.of(Map.of("name", request, "exactly", exactly)));
    devices
        .config()
        .ifPresent(config ->
            claim.put(
                "config",
                List.of(
                    Map.of(
                        "requests",
                        List.of(request),
                        "opaque",
                        Map.of("driver", config.driver(), "parameters", config.parameters())))));
    return claim;
  }
}
