package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.PersistentVolumeClaim;
import java.util.Optional;

/**
 * All objects of a session as they should be, spec.md section 2.
 *
 * @param volumeClaim empty where the session wants no home that outlives its pod
 * @param route empty where none is configured
 */
public record DesiredState(
    Optional<DesiredObject> volumeClaim,
    DesiredObject secret,
    DesiredObject service,
    Optional<DesiredObject> route,
    DesiredObject pod) {

  public static DesiredState of(
      ResolvedSession workload, Optional<PersistentVolumeClaim> existingClaim) {
    return new DesiredState(
        workload.spec().persistent()
            ? Optional.of(PersistentVolumeClaimBuilder.of(workload, existingClaim))
            : Optional.empty(),
        SecretBuilder.of(workload),
        ServiceBuilder.of(workload),
        route(workload),
        PodBuilder.of(workload));
  }

  private static Optional<DesiredObject> route(ResolvedSession workload) {
    SessionConfig.IngressKind kind = workload.settings().ingress().kind();
    return switch (kind) {
      case TRAEFIK -> Optional.of(IngressRouteBuilder.of(workload));
      case INGRESS -> Optional.of(IngressBuilder.of(workload));
      case NONE -> Optional.empty();
    };
  }
}
