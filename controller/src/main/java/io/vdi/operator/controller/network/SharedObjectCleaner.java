package io.vdi.operator.controller.network;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.resources.ServersTransportBuilder;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the objects that sessions share after the last session that needs them: the NetworkPolicy
 * of a template, the Middleware, the ServersTransport and the Service of the gate of a namespace.
 * They have no owner that Kubernetes' garbage collector could follow. Deletes the Ingress of the
 * gate's pages of a session when the gate is no longer asked by ingress-nginx. If a session is
 * created at the same time, its next pass creates the object again: the deletion is an event for
 * it.
 */
public final class SharedObjectCleaner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SharedObjectCleaner.class);
  private static final Duration INTERVAL = Duration.ofSeconds(3);

  private final KubeClient api;
  private final ControllerCaches caches;
  private final Supplier<SessionConfig> config;
  private final BooleanSupplier mayWrite;
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private final Periodic passes;

  public SharedObjectCleaner(
      KubeClient api,
      ControllerCaches caches,
      Supplier<SessionConfig> config,
      BooleanSupplier mayWrite) {
    this.api = api;
    this.caches = caches;
    this.config = config;
    this.mayWrite = mayWrite;
    this.passes = new Periodic("shared-objects", INTERVAL, this::pass);
  }

  /** Sessions, shared objects or the configuration changed. */
  public void changed() {
    changed.set(true);
  }

  /** Starts to delete. */
  public void start() {
    passes.start();
  }

  private void pass() {
    if (changed.getAndSet(false) && !deleteUnused()) {
      changed.set(true);
    }
  }

  /** Returns whether no object is left that should not exist. */
  boolean deleteUnused() {
    boolean all = true;
    for (PartialObjectMetadata policy : unusedPolicies()) {
      all &= delete(caches.networkPolicies(), policy);
    }
    for (PartialObjectMetadata transport : unusedTransports()) {
      all &= delete(caches.serversTransports(), transport);
    }
    // Without its Middleware or Service a route does not work: first it changes or is deleted.
    Set<String> byMiddleware = namespacesOfRoutes(route -> asksGate(route) && !usesNginx(route));
    for (PartialObjectMetadata middleware : unusedMiddlewares()) {
      all &=
          !byMiddleware.contains(middleware.namespace())
              && delete(caches.middlewares(), middleware);
    }
    for (PartialObjectMetadata ingress : unusedGateIngresses()) {
      all &= delete(caches.ingresses(), ingress);
    }
    Set<String> byNginx =
        namespacesOfRoutes(
            route -> (asksGate(route) && usesNginx(route)) || isGateIngress(route.metadata()));
    for (PartialObjectMetadata service : unusedGateServices()) {
      all &= !byNginx.contains(service.namespace()) && delete(caches.services(), service);
    }
    return all;
  }

  private List<PartialObjectMetadata> unusedPolicies() {
    Set<String> used =
        config.get().network().isPresent()
            ? caches.sessions().list().stream()
                .map(SharedObjectCleaner::policyOf)
                .collect(Collectors.toSet())
            : Set.of();
    return caches.networkPolicies().list().stream()
        .filter(policy -> policy.metadata().label(Labels.TEMPLATE).isPresent())
        .filter(policy -> !policy.metadata().isDeleting())
        .filter(policy -> !used.contains(key(policy.namespace(), policy.name())))
        .toList();
  }

  private Set<String> namespacesOfSessions(boolean wanted) {
    return wanted
        ? caches.sessions().list().stream().map(VdiSession::namespace).collect(Collectors.toSet())
        : Set.of();
  }

  private List<PartialObjectMetadata> unusedGateServices() {
    Set<String> used = namespacesOfSessions(config.get().ingressNginx().isPresent());
    return caches.services().list().stream()
        .filter(service -> service.name().equals(ResourceNames.GATE_SERVICE))
        .filter(service -> service.metadata().label(Labels.INSTANCE).isEmpty())
        .filter(service -> !service.metadata().isDeleting())
        .filter(service -> !used.contains(service.namespace()))
        .toList();
  }

  private List<PartialObjectMetadata> unusedGateIngresses() {
    Set<String> used =
        config.get().ingressNginx().isPresent()
            ? caches.sessions().list().stream()
                .map(session -> key(session.namespace(), ResourceNames.gateIngress(session.name())))
                .collect(Collectors.toSet())
            : Set.of();
    return caches.ingresses().list().stream()
        .filter(ingress -> isGateIngress(ingress.metadata()))
        .filter(ingress -> !ingress.metadata().isDeleting())
        .filter(ingress -> !used.contains(key(ingress.namespace(), ingress.name())))
        .toList();
  }

  private static boolean isGateIngress(ObjectMeta ingress) {
    return ingress
        .label(Labels.INSTANCE)
        .map(ResourceNames::gateIngress)
        .equals(Optional.of(ingress.name()));
  }

  private List<PartialObjectMetadata> unusedMiddlewares() {
    Set<String> used = namespacesOfSessions(config.get().middleware().isPresent());
    return caches.middlewares().list().stream()
        .filter(middleware -> middleware.name().equals(ResourceNames.MIDDLEWARE))
        .filter(middleware -> !middleware.metadata().isDeleting())
        .filter(middleware -> !used.contains(middleware.namespace()))
        .toList();
  }

  /** A session waits for the deletion of its route, so no route refers to these any more. */
  private List<PartialObjectMetadata> unusedTransports() {
    Set<String> used =
        caches.sessions().list().stream()
            .filter(this::mayUseTransport)
            .map(VdiSession::namespace)
            .collect(Collectors.toSet());
    return caches.serversTransports().list().stream()
        .filter(transport -> transport.name().equals(ResourceNames.SERVERS_TRANSPORT))
        .filter(transport -> !transport.metadata().isDeleting())
        .filter(transport -> !used.contains(transport.namespace()))
        .toList();
  }

  /** The routes of a session without its template stay as they are. */
  private boolean mayUseTransport(VdiSession session) {
    return caches
        .templates()
        .get("", session.spec().template())
        .map(template -> ServersTransportBuilder.of(template.spec(), config.get()).isPresent())
        .orElse(true);
  }

  private static boolean asksGate(KubeObject route) {
    return route.metadata().annotation(Annotations.ACCESS_MODE).isPresent();
  }

  private static boolean usesNginx(KubeObject route) {
    return route.metadata().annotation(Annotations.NGINX_AUTH_URL).isPresent();
  }

  private Set<String> namespacesOfRoutes(Predicate<KubeObject> kind) {
    return caches.routes().stream()
        .<KubeObject>flatMap(cache -> cache.list().stream())
        .filter(kind)
        .map(KubeObject::namespace)
        .collect(Collectors.toSet());
  }

  private static String policyOf(VdiSession session) {
    return key(session.namespace(), ResourceNames.networkPolicy(session.spec().template()));
  }

  private static String key(String namespace, String name) {
    return namespace + "/" + name;
  }

  private boolean delete(ResourceCache<PartialObjectMetadata> cache, PartialObjectMetadata object) {
    if (!mayWrite.getAsBoolean()) {
      return false;
    }
    ResourceType<PartialObjectMetadata> type = cache.resourceType();
    ApiResult<PartialObjectMetadata> result = api.deleteIfUnchanged(type, object.metadata());
    if (result.ok().isPresent() || result.isNotFound()) {
      cache.deleted(object.namespace(), object.name(), object.uid());
      LOG.info(
          "deleted {} {} in {}: no session uses it",
          type.kind(),
          object.name(),
          object.namespace());
      return true;
    }
    LOG.warn(
        "cannot delete {} {} in {}: {}",
        type.kind(),
        object.name(),
        object.namespace(),
        result.failure().map(ApiFailure::message).orElse(""));
    return false;
  }

  @Override
  public void close() {
    passes.close();
  }
}
