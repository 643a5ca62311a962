package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is known about one session at one moment.
 *
 * @param host the first label of the session's host; it does not change while the session exists
 * @param children the existing objects by kind; the route is the one of the configured type
 * @param otherRoute a route of the type that is not configured, from an earlier {@code
 *     ingress.kind}
 * @param routeTypeServed whether the cluster serves the configured type of routes
 * @param resync whether to write all objects, also those with an equal hash
 * @param quotaWait why the quotas do not admit the pod; empty if they do, or were not asked
 */
public record ObservedSession(
    VdiSession session,
    Optional<VdiTemplate> template,
    String host,
    Map<ChildKind, ChildState> children,
    Optional<ChildState> otherRoute,
    boolean routeTypeServed,
    boolean resync,
    Optional<String> quotaWait) {

  public ObservedSession {
    Map<ChildKind, ChildState> copy = new EnumMap<>(ChildKind.class);
    copy.putAll(children);
    children = Collections.unmodifiableMap(copy);
  }

  /** The same session, not admitted by the quotas. */
  public ObservedSession waitingForQuota(String message) {
    return new ObservedSession(
        session,
        template,
        host,
        children,
        otherRoute,
        routeTypeServed,
        resync,
        Optional.of(message));
  }

  public Optional<ChildState> child(ChildKind kind) {
    return Optional.ofNullable(children.get(kind));
  }

  public Optional<Pod> pod() {
    return child(ChildKind.POD)
        .flatMap(child -> child.object() instanceof Pod pod ? Optional.of(pod) : Optional.empty());
  }

  public Optional<PersistentVolumeClaim> home() {
    return child(ChildKind.HOME)
        .flatMap(child ->
            child.object() instanceof PersistentVolumeClaim claim
                ? Optional.of(claim)
                : Optional.empty());
  }
}
