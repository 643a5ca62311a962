package io.vdi.operator.controller.objects;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaimSpec;
import io.kubernetes.client.openapi.models.V1VolumeResourceRequirements;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.VolumeClaim;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The home. With Retain it carries no owner, so that it outlives the session. */
final class VolumeClaimObject {
  private VolumeClaimObject() {}

  /**
   * @param existing a home never shrinks: what it already asks for is the least it asks for
   */
  static Desired of(Workload workload, Optional<VolumeClaim> existing) {
    String name = Names.volumeClaim(workload.name());
    V1ObjectMeta metadata =
        workload.spec().reclaimPolicy() == ReclaimPolicy.RETAIN
            ? Common.metadata(
                workload.session(), name, Map.of(Names.SESSION_UID, workload.session().uid()))
            : Common.metadata(workload.session(), name);
    String size =
        existing
            .map(VolumeClaim::requestedSize)
            .filter(now -> Quantities.isLarger(now, workload.spec().size()))
            .orElse(workload.spec().size());
    V1VolumeResourceRequirements requests =
        new V1VolumeResourceRequirements().requests(Map.of("storage", new Quantity(size)));
    JsonObject body =
        Common.json(
            new V1PersistentVolumeClaim()
                .apiVersion("v1")
                .kind(Kind.VOLUME_CLAIM.name())
                .metadata(metadata)
                .spec(
                    new V1PersistentVolumeClaimSpec()
                        .accessModes(List.of("ReadWriteOnce"))
                        .storageClassName(workload.spec().storageClassName().orElse(null))
                        .resources(requests)));
    JsonObject patch = Common.metadataPatch(metadata);
    // The reaper's note of when a session last had it, which no longer holds.
    patch
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .add(Names.RELEASED_AT, JsonNull.INSTANCE);
    JsonObject spec = new JsonObject();
    spec.add("resources", Common.json(requests));
    patch.add("spec", spec);
    return Desired.of(Kind.VOLUME_CLAIM, name, body, patch);
  }
}
