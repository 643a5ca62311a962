package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaimSpec;
import io.kubernetes.client.openapi.models.V1VolumeResourceRequirements;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Map;

/**
 * Builds the home. With reclaim policy {@code Retain} it has no owner, so that the garbage
 * collector keeps it when the session is deleted. An existing home is resized separately, because
 * the API server can refuse a new size, and must not refuse the other changes with it.
 */
final class PersistentVolumeClaimBuilder {
  private PersistentVolumeClaimBuilder() {}

  static DesiredObject of(ResolvedSession resolved) {
    String name = ChildKind.HOME.nameFor(resolved.name());
    ReclaimPolicy policy = resolved.spec().reclaimPolicy();
    V1ObjectMeta metadata =
        ChildMetadata.metadata(
            resolved.session(),
            name,
            Map.of(
                Annotations.RECLAIM_POLICY,
                policy.text(),
                Annotations.TEMPLATE,
                resolved.session().spec().template(),
                // Otherwise Argo CD would prune the home of a session that Git no longer has.
                Annotations.ARGOCD_SYNC_OPTIONS,
                "Prune=false"));
    if (policy == ReclaimPolicy.DELETE) {
      metadata.ownerReferences(List.of(ChildMetadata.owner(resolved.session())));
    }
    JsonObject body =
        ChildMetadata.object(
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            metadata,
            ChildMetadata.json(
                new V1PersistentVolumeClaimSpec()
                    .accessModes(List.of("ReadWriteOnce"))
                    .storageClassName(resolved.spec().storageClassName().orElse(null))
                    .resources(
                        new V1VolumeResourceRequirements()
                            .requests(Map.of("storage", new Quantity(resolved.spec().size()))))));
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    // The reaper sets it on a home that no session uses; now this session uses it.
    patch
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .add(Annotations.RELEASED_AT, JsonNull.INSTANCE);
    return DesiredObject.of(
        ChildKind.HOME, ResourceType.PERSISTENT_VOLUME_CLAIM, name, body, patch);
  }
}
