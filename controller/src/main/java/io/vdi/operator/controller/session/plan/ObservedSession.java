package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;

/**
 * Everything that is known about one session at one moment.
 *
 * @param host the first label of the session's host: given once, never changed
 * @param route the object of the configured kind; {@code otherRoute} one of the kind configured
 *     before
 * @param routeKindServed whether the cluster knows the configured kind
 * @param resync whether to write all objects again, also those that look right
 * @param quotaWait why no pod may be started; empty where one may
 */
public record ObservedSession(
    VdiSession session,
    Optional<VdiTemplate> template,
    String host,
    Optional<Pod> pod,
    Optional<PersistentVolumeClaim> home,
    Optional<PartialObjectMetadata> secret,
    Optional<PartialObjectMetadata> service,
    Optional<PartialObjectMetadata> route,
    Optional<PartialObjectMetadata> otherRoute,
    boolean routeKindServed,
    boolean resync,
    Optional<String> quotaWait) {

  /** The same, where the quotas have no room for a pod of this session. */
  public ObservedSession waitingForQuota(String why) {
    return new ObservedSession(
        session,
        template,
        host,
        pod,
        home,
        secret,
        service,
        route,
        otherRoute,
        routeKindServed,
        resync,
        Optional.of(why));
  }
}
