package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaimSpec;
import io.kubernetes.client.openapi.models.V1VolumeResourceRequirements;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Builds the home. With reclaim policy {@code Retain} it has no owner, so that the garbage
 * collector keeps it when the session is deleted.
 */
final class PersistentVolumeClaimBuilder {
  private PersistentVolumeClaimBuilder() {}

  /**
   * @param existing a claim cannot shrink, so the size that it already requests is the minimum
   */
  static DesiredObject of(ResolvedSession resolved, Optional<PersistentVolumeClaim> existing) {
    String name = ChildKind.HOME.nameFor(resolved.name());
    V1ObjectMeta metadata =
        resolved.spec().reclaimPolicy() == ReclaimPolicy.RETAIN
            ? ChildMetadata.metadata(
                resolved.session(), name, Map.of(Annotations.SESSION_UID, resolved.session().uid()))
            : ChildMetadata.metadata(resolved.session(), name);
    String size =
        existing
            .map(PersistentVolumeClaim::requestedSize)
            .filter(now -> Quantities.isLarger(now, resolved.spec().size()))
            .orElse(resolved.spec().size());
    V1VolumeResourceRequirements requests =
        new V1VolumeResourceRequirements().requests(Map.of("storage", new Quantity(size)));
    JsonObject body =
        ChildMetadata.json(
            new V1PersistentVolumeClaim()
                .apiVersion("v1")
                .kind(ResourceType.PERSISTENT_VOLUME_CLAIM.kind())
                .metadata(metadata)
                .spec(
                    new V1PersistentVolumeClaimSpec()
                        .accessModes(List.of("ReadWriteOnce"))
                        .storageClassName(resolved.spec().storageClassName().orElse(null))
                        .resources(requests)));
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    // The reaper sets it on a home that no session uses; now this session uses it.
    patch
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .add(Annotations.RELEASED_AT, JsonNull.INSTANCE);
    JsonObject spec = new JsonObject();
    spec.add("resources", ChildMetadata.json(requests));
    patch.add("spec", spec);
    return DesiredObject.of(
        ChildKind.HOME, ResourceType.PERSISTENT_VOLUME_CLAIM, name, body, patch);
  }
}
