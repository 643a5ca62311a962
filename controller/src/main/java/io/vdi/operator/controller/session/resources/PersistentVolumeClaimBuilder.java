package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaimSpec;
import io.kubernetes.client.openapi.models.V1VolumeResourceRequirements;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The home. With Retain it carries no owner, so that it outlives the session. */
final class PersistentVolumeClaimBuilder {
  private PersistentVolumeClaimBuilder() {}

  /**
   * @param existing a home never shrinks: what it already asks for is the least it asks for
   */
  static DesiredObject of(ResolvedSession workload, Optional<PersistentVolumeClaim> existing) {
    String name = ResourceNames.persistentVolumeClaim(workload.name());
    V1ObjectMeta metadata =
        workload.spec().reclaimPolicy() == ReclaimPolicy.RETAIN
            ? ChildMetadata.metadata(
                workload.session(), name, Map.of(Annotations.SESSION_UID, workload.session().uid()))
            : ChildMetadata.metadata(workload.session(), name);
    String size =
        existing
            .map(PersistentVolumeClaim::requestedSize)
            .filter(now -> Quantities.isLarger(now, workload.spec().size()))
            .orElse(workload.spec().size());
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
                        .storageClassName(workload.spec().storageClassName().orElse(null))
                        .resources(requests)));
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    // The reaper's note of when a session last had it, which no longer holds.
    patch
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .add(Annotations.RELEASED_AT, JsonNull.INSTANCE);
    JsonObject spec = new JsonObject();
    spec.add("resources", ChildMetadata.json(requests));
    patch.add("spec", spec);
    return DesiredObject.of(ResourceType.PERSISTENT_VOLUME_CLAIM, name, body, patch);
  }
}
