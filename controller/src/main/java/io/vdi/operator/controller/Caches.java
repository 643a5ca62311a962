package io.vdi.operator.controller;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.VolumeClaim;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What the controller watches: sessions, templates, and the objects that carry our label. */
public record Caches(
    ResourceCache<VdiSession> sessions,
    ResourceCache<VdiTemplate> templates,
    ResourceCache<Pod> pods,
    ResourceCache<VolumeClaim> volumeClaims,
    ResourceCache<ObjectMetadata> secrets,
    ResourceCache<ObjectMetadata> services,
    ResourceCache<ObjectMetadata> ingressRoutes,
    ResourceCache<ObjectMetadata> ingresses)
    implements AutoCloseable {

  /** Told of changes, each on the thread of its watch. */
  record Listeners(
      Consumer<ResourceCache.Change<VdiSession>> sessions,
      Consumer<ResourceCache.Change<VdiTemplate>> templates,
      Consumer<ResourceCache.Change<Pod>> pods,
      Consumer<Resource> children) {}

  static Caches of(KubeApi api, InstantSource clock, Listeners listeners) {
    return new Caches(
        new ResourceCache<>(api, Kind.SESSION, "", clock, listeners.sessions()),
        new ResourceCache<>(api, Kind.TEMPLATE, "", clock, listeners.templates()),
        new ResourceCache<>(api, Kind.POD, Names.MANAGED_SELECTOR, clock, listeners.pods()),
        ours(api, Kind.VOLUME_CLAIM, clock, listeners),
        ours(api, Kind.SECRET, clock, listeners),
        ours(api, Kind.SERVICE, clock, listeners),
        ours(api, Kind.INGRESS_ROUTE, clock, listeners),
        ours(api, Kind.INGRESS, clock, listeners));
  }

  private static <T extends Resource> ResourceCache<T> ours(
      KubeApi api, Kind<T> kind, InstantSource clock, Listeners listeners) {
    return new ResourceCache<>(
        api,
        kind,
        Names.MANAGED_SELECTOR,
        clock,
        change -> listeners.children().accept(change.object()));
  }

  /** All but the routes of Traefik, whose kind the cluster may not have. */
  List<ResourceCache<?>> always() {
    return List.of(sessions, templates, pods, volumeClaims, secrets, services, ingresses);
  }

  public ResourceCache<?> of(Kind<?> kind) {
    return Stream.concat(always().stream(), Stream.of(ingressRoutes))
        .filter(cache -> cache.kind().equals(kind))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("nobody watches " + kind));
  }

  @Override
  public void close() {
    always().forEach(ResourceCache::close);
    ingressRoutes.close();
  }
}
