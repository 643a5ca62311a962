package io.vdi.operator.controller.session;

import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.net.URI;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Everything known about a session, from memory. */
public final class SessionObserver {
  private final ControllerCaches caches;
  private final HostAllocator hosts;
  private final Supplier<SessionConfig> settings;
  private final BooleanSupplier traefikServed;

  public SessionObserver(
      ControllerCaches caches,
      HostAllocator hosts,
      Supplier<SessionConfig> settings,
      BooleanSupplier traefikServed) {
    this.caches = caches;
    this.hosts = hosts;
    this.settings = settings;
    this.traefikServed = traefikServed;
  }

  ObservedSession observe(VdiSession session, boolean mendDrift) {
    String namespace = session.namespace();
    String name = session.name();
    boolean traefik = settings.get().ingress().kind() != SessionConfig.IngressKind.INGRESS;
    ResourceCache<PartialObjectMetadata> routes =
        traefik ? caches.ingressRoutes() : caches.ingresses();
    ResourceCache<PartialObjectMetadata> others =
        traefik ? caches.ingresses() : caches.ingressRoutes();
    return new ObservedSession(
        session,
        caches.templates().get("", session.spec().template()),
        hosts.claim(session, knownHost(session)),
        caches.pods().get(namespace, name),
        caches.volumeClaims().get(namespace, ResourceNames.persistentVolumeClaim(name)),
        caches.secrets().get(namespace, ResourceNames.secret(name)),
        caches.services().get(namespace, name),
        routes.get(namespace, name),
        others.get(namespace, name),
        !traefik || traefikServed.getAsBoolean(),
        mendDrift,
        Optional.empty());
  }

  /** Takes over the hosts that sessions have; to be called before the first one is worked on. */
  public void restoreHosts() {
    caches.sessions().list().stream()
        // Whoever's status names a host comes before those that only might have one, and the older
        // before the younger.
        .sorted(
            Comparator.<VdiSession, Boolean>comparing(s -> s.status().url().isEmpty())
                .thenComparing(s -> s.metadata().creationTimestamp())
                .thenComparing(VdiSession::uid))
        .filter(session -> knownHost(session).isPresent())
        .forEach(session -> hosts.claim(session, knownHost(session)));
  }

  private Optional<String> knownHost(VdiSession session) {
    return hostOfUrl(session.status().url())
        .or(() -> hostOfRoute(caches.ingressRoutes(), session))
        .or(() -> hostOfRoute(caches.ingresses(), session));
  }

  private static Optional<String> hostOfRoute(
      ResourceCache<PartialObjectMetadata> routes, VdiSession session) {
    return routes
        .get(session.namespace(), session.name())
        .filter(route -> route.metadata().isControlledBy(session.uid()))
        .flatMap(route -> route.metadata().annotation(Annotations.HOST));
  }

  /** {@code alice} of {@code https://alice.vdi.example.com}; the domain may have changed since. */
  private static Optional<String> hostOfUrl(String url) {
    try {
      return Optional.ofNullable(URI.create(url).getHost()).map(host -> host.split("\\.", 2)[0]);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
