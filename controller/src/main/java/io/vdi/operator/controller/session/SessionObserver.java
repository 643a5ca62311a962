package io.vdi.operator.controller.session;

import io.vdi.operator.common.kube.ResourceCache;
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
import io.vdi.operator.controller.session.plan.SharedState;
import io.vdi.operator.controller.session.resources.IngressNginxBuilder;
import io.vdi.operator.controller.session.resources.ServersTransportBuilder;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Reads all that is known about a session from the caches. It only reads. */
public final class SessionObserver {
  private final ControllerCaches caches;
  private final Map<ResourceType<?>, ResourceCache<?>> cacheOf;
  private final Predicate<ResourceType<?>> served;
  private final DesiredPolicyCache policies = new DesiredPolicyCache();

  /**
   * @param served whether the cluster serves a type of routes, or that of Middlewares
   */
  public SessionObserver(ControllerCaches caches, Predicate<ResourceType<?>> served) {
    this.caches = caches;
    this.cacheOf = caches.byType();
    this.served = served;
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
        config.otherRouteTypes().stream()
            .flatMap(type -> child(session, ChildKind.ROUTE, type).stream())
            .toList(),
        routeTypeServed(template, config),
        resync,
        node,
        template.map(found -> shared(session, host, found, config)).orElse(List.of()),
        Optional.empty(),
        PodHistory.NONE,
        caches.isAccessSynced(),
        served.test(ResourceType.RESOURCE_CLAIM_TEMPLATE),
        Optional.empty());
  }

  /**
   * The same session with its Secret, Role and RoleBinding as they are now; empty if the session is
   * being deleted.
   *
   * @param resync whether to write all objects, also those with an equal hash
   */
  Optional<ObservedSession> observeAccess(ObservedSession observed, boolean resync) {
    VdiSession session = observed.session();
    return find(SessionKey.of(session))
        .filter(now -> now.uid().equals(session.uid()) && !now.metadata().isDeleting())
        .map(now -> {
          Map<ChildKind, ChildState> children = new EnumMap<>(ChildKind.class);
          children.putAll(observed.children());
          for (ChildKind kind : List.of(ChildKind.SECRET, ChildKind.ROLE, ChildKind.ROLE_BINDING)) {
            children.remove(kind);
            child(session, kind, kind.resourceTypes().getFirst())
                .ifPresent(child -> children.put(kind, child));
          }
          return observed.withChildren(children, resync);
        });
  }

  private boolean routeTypeServed(Optional<VdiTemplate> template, SessionConfig config) {
    boolean transport =
        config.ingress().kind() == SessionConfig.IngressKind.TRAEFIK
            && template
                .flatMap(found -> ServersTransportBuilder.of(found.spec(), config))
                .isPresent();
    boolean unreachable =
        template
            .filter(found -> ServersTransportBuilder.isUnreachable(found.spec(), config))
            .isPresent();
    return served.test(config.routeType())
        && !unreachable
        && (!transport || served.test(ResourceType.SERVERS_TRANSPORT))
        && (config.middleware().isEmpty() || served.test(ResourceType.MIDDLEWARE));
  }

  private List<SharedState> shared(
      VdiSession session, String host, VdiTemplate template, SessionConfig config) {
    return Stream.of(
            policies.of(template, config),
            config.middleware().filter(any -> served.test(ResourceType.MIDDLEWARE)),
            config.ingressNginx().map(SessionConfig.Gate.ByIngressNginx::service),
            config
                .ingressNginx()
                .map(gate -> IngressNginxBuilder.ingress(gate, session, host, config)),
            ServersTransportBuilder.of(template.spec(), config)
                .filter(any -> served.test(ResourceType.SERVERS_TRANSPORT)))
        .flatMap(Optional::stream)
        .map(desired ->
            new SharedState(
                desired,
                caches
                    .ofShared(desired.type())
                    .get(session.namespace(), desired.name())
                    .map(PartialObjectMetadata::metadata)))
        .toList();
  }

  private Optional<ChildState> child(VdiSession session, ChildKind kind, ResourceType<?> type) {
    Optional<? extends KubeObject> object =
        cacheOf.get(type).get(session.namespace(), kind.nameFor(session.name()));
    return object.map(existing -> ChildState.of(type, existing, session));
  }

  private static ResourceType<?> typeOf(ChildKind kind, SessionConfig config) {
    return kind == ChildKind.ROUTE ? config.routeType() : kind.resourceTypes().getFirst();
  }
}
