package io.vdi.operator.controller.objects;

import io.vdi.operator.common.model.VolumeClaim;
import io.vdi.operator.controller.plan.Settings;
import java.util.Optional;

/**
 * All objects of a session as they should be, spec.md section 2.
 *
 * @param volumeClaim empty where the session wants no home that outlives its pod
 * @param route empty where none is configured
 */
public record Blueprint(
    Optional<Desired> volumeClaim,
    Desired secret,
    Desired service,
    Optional<Desired> route,
    Desired pod) {

  public static Blueprint of(Workload workload, Optional<VolumeClaim> existingClaim) {
    return new Blueprint(
        workload.spec().persistent()
            ? Optional.of(VolumeClaimObject.of(workload, existingClaim))
            : Optional.empty(),
        SecretObject.of(workload),
        ServiceObject.of(workload),
        route(workload),
        PodObject.of(workload));
  }

  private static Optional<Desired> route(Workload workload) {
    Settings.IngressKind kind = workload.settings().ingress().kind();
    return switch (kind) {
      case TRAEFIK -> Optional.of(IngressRouteObject.of(workload));
      case INGRESS -> Optional.of(IngressObject.of(workload));
      case NONE -> Optional.empty();
    };
  }
}
