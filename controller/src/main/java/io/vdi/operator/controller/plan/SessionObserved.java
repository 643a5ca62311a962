package io.vdi.operator.controller.plan;

import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.VolumeClaim;
import java.util.Optional;

/**
 * Everything that is known about one session at one moment.
 *
 * @param host the first label of the session's host: given once, never changed
 * @param route the object of the configured kind; {@code otherRoute} one of the kind configured
 *     before
 * @param routeKindServed whether the cluster knows the configured kind
 * @param mendDrift whether to write all objects again, also those that look right
 * @param quotaWait why no pod may be started; empty where one may
 */
public record SessionObserved(
    VdiSession session,
    Optional<VdiTemplate> template,
    String host,
    Optional<Pod> pod,
    Optional<VolumeClaim> volumeClaim,
    Optional<ObjectMetadata> secret,
    Optional<ObjectMetadata> service,
    Optional<ObjectMetadata> route,
    Optional<ObjectMetadata> otherRoute,
    boolean routeKindServed,
    boolean mendDrift,
    Optional<String> quotaWait) {

  /** The same, where the quotas have no room for a pod of this session. */
  public SessionObserved waitingForQuota(String why) {
    return new SessionObserved(
        session,
        template,
        host,
        pod,
        volumeClaim,
        secret,
        service,
        route,
        otherRoute,
        routeKindServed,
        mendDrift,
        Optional.of(why));
  }
}
