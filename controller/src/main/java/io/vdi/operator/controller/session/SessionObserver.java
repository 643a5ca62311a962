package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.cache.DesiredPolicyCache;
import io.vdi.operator.controller.session.plan.ChildState;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.PodHistory;
import io.vdi.operator.controller.session.plan.PolicyState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads all that is known about a session from the caches. It only reads. */
public final class SessionObserver {
  private final ControllerCaches caches;
  private final BooleanSupplier traefikServed;
  private final DesiredPolicyCache policies = new DesiredPolicyCache();

  public SessionObserver(ControllerCaches caches, BooleanSupplier traefikServed) {
    this.caches = caches;
    this.traefikServed = traefikServed;
  }

  /** The session; empty if it does not exist. */
  Optional<VdiSession> find(SessionKey key) {
    return caches.sessions().get(key.namespace(), key.name());
  }

  ObservedSession observe(VdiSession session, String host, SessionConfig config, boolean resync) {
    Optional<VdiTemplate> template = caches.templates().get("", session.spec().template());
    Map<ChildKind, ChildState> children = new EnumMap<>(ChildKind.class);
    for (ChildKind kind : ChildKind.values()) {
      child(session, kind, typeOf(kind, config)).ifPresent(child -> children.put(kind, child));
    }
    Optional<Node> node =
        caches
            .pods()
            .get(session.namespace(), ChildKind.POD.nameFor(session.name()))
            .filter(Pod::isScheduled)
            .flatMap(pod -> caches.nodes().get("", pod.spec().nodeName()));
    return new ObservedSession(
        session,
        template,
        host,
        children,
        child(session, ChildKind.ROUTE, config.otherRouteType()),
        !config.routeType().equals(ResourceType.INGRESS_ROUTE) || traefikServed.getAsBoolean(),
        resync,
        node,
        template.flatMap(found -> policy(session, found, config)),
        Optional.empty(),
        PodHistory.NONE,
        caches.isAccessSynced());
  }

  private Optional<PolicyState> policy(
      VdiSession session, VdiTemplate template, SessionConfig config) {
    return policies
        .of(template, config)
        .map(desired ->
            new PolicyState(
                desired,
                caches
                    .networkPolicies()
                    .get(session.namespace(), desired.name())
                    .map(PartialObjectMetadata::metadata)));
  }

  private Optional<ChildState> child(VdiSession session, ChildKind kind, ResourceType<?> type) {
    Optional<? extends KubeObject> object =
        caches.of(type).get(session.namespace(), kind.nameFor(session.name()));
    return object.map(existing -> ChildState.of(type, existing, session));
  }

  private static ResourceType<?> typeOf(ChildKind kind, SessionConfig config) {
    return kind == ChildKind.ROUTE ? config.routeType() : kind.resourceTypes().getFirst();
  }
}
