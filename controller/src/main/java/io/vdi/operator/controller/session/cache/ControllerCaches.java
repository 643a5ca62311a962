package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What the controller watches: sessions, templates, and the objects that carry our label. */
public record ControllerCaches(
    ResourceCache<VdiSession> sessions,
    ResourceCache<VdiTemplate> templates,
    ResourceCache<Pod> pods,
    ResourceCache<PersistentVolumeClaim> volumeClaims,
    ResourceCache<PartialObjectMetadata> secrets,
    ResourceCache<PartialObjectMetadata> services,
    ResourceCache<PartialObjectMetadata> ingressRoutes,
    ResourceCache<PartialObjectMetadata> ingresses)
    implements AutoCloseable {

  /** Told of changes, each on the thread of its watch. */
  public record Listeners(
      Consumer<ResourceCache.Change<VdiSession>> sessions,
      Consumer<ResourceCache.Change<VdiTemplate>> templates,
      Consumer<ResourceCache.Change<Pod>> pods,
      Consumer<KubeObject> children) {}

  public static ControllerCaches of(KubeClient api, InstantSource clock, Listeners listeners) {
    return new ControllerCaches(
        new ResourceCache<>(api, ResourceType.SESSION, "", clock, listeners.sessions()),
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", clock, listeners.templates()),
        new ResourceCache<>(
            api, ResourceType.POD, Labels.MANAGED_SELECTOR, clock, listeners.pods()),
        ours(api, ResourceType.PERSISTENT_VOLUME_CLAIM, clock, listeners),
        ours(api, ResourceType.SECRET, clock, listeners),
        ours(api, ResourceType.SERVICE, clock, listeners),
        ours(api, ResourceType.INGRESS_ROUTE, clock, listeners),
        ours(api, ResourceType.INGRESS, clock, listeners));
  }

  private static <T extends KubeObject> ResourceCache<T> ours(
      KubeClient api, ResourceType<T> kind, InstantSource clock, Listeners listeners) {
    return new ResourceCache<>(
        api,
        kind,
        Labels.MANAGED_SELECTOR,
        clock,
        change -> listeners.children().accept(change.object()));
  }

  /** All but the routes of Traefik, whose kind the cluster may not have. */
  public List<ResourceCache<?>> always() {
    return List.of(sessions, templates, pods, volumeClaims, secrets, services, ingresses);
  }

  public ResourceCache<?> of(ResourceType<?> kind) {
    return Stream.concat(always().stream(), Stream.of(ingressRoutes))
        .filter(cache -> cache.resourceType().equals(kind))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("nobody watches " + kind));
  }

  @Override
  public void close() {
    always().forEach(ResourceCache::close);
    ingressRoutes.close();
  }
}
