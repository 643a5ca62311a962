package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.HttpRoute;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The objects that the controller watches: sessions, templates, nodes, and all with the operator's
 * label.
 */
public record ControllerCaches(
    ResourceCache<VdiSession> sessions,
    ResourceCache<VdiTemplate> templates,
    ResourceCache<Pod> pods,
    ResourceCache<PersistentVolumeClaim> volumeClaims,
    ResourceCache<PartialObjectMetadata> secrets,
    ResourceCache<PartialObjectMetadata> services,
    ResourceCache<PartialObjectMetadata> ingressRoutes,
    ResourceCache<PartialObjectMetadata> middlewares,
    ResourceCache<PartialObjectMetadata> serversTransports,
    ResourceCache<PartialObjectMetadata> ingresses,
    ResourceCache<HttpRoute> httpRoutes,
    ResourceCache<PartialObjectMetadata> networkPolicies,
    ResourceCache<PartialObjectMetadata> claimTemplates,
    ResourceCache<PartialObjectMetadata> roles,
    ResourceCache<PartialObjectMetadata> roleBindings,
    ResourceCache<Node> nodes)
    implements AutoCloseable {

  /**
   * Called on each change, on the thread of the watch: they must return quickly.
   *
   * @param routeParts Middlewares and ServersTransports
   */
  public record Listeners(
      Consumer<ResourceCache.Change<VdiSession>> sessions,
      Consumer<ResourceCache.Change<VdiTemplate>> templates,
      Consumer<ResourceCache.Change<Pod>> pods,
      Consumer<KubeObject> networkPolicies,
      Consumer<KubeObject> routeParts,
      Consumer<ResourceCache.Change<Node>> nodes,
      Consumer<KubeObject> children) {}

  public static ControllerCaches of(
      KubeClient api, WatchedNamespaces namespaces, InstantSource clock, Listeners listeners) {
    return new ControllerCaches(
        new ResourceCache<>(api, namespaces, ResourceType.SESSION, "", clock, listeners.sessions()),
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", clock, listeners.templates()),
        new ResourceCache<>(
            api, namespaces, ResourceType.POD, Labels.MANAGED_SELECTOR, clock, listeners.pods()),
        managed(api, namespaces, ResourceType.PERSISTENT_VOLUME_CLAIM, clock, listeners.children()),
        managed(api, namespaces, ResourceType.SECRET, clock, listeners.children()),
        managed(api, namespaces, ResourceType.SERVICE, clock, listeners.children()),
        managed(api, namespaces, ResourceType.INGRESS_ROUTE, clock, listeners.children()),
        managed(api, namespaces, ResourceType.MIDDLEWARE, clock, listeners.routeParts()),
        managed(api, namespaces, ResourceType.SERVERS_TRANSPORT, clock, listeners.routeParts()),
        managed(api, namespaces, ResourceType.INGRESS, clock, listeners.children()),
        managed(api, namespaces, ResourceType.HTTP_ROUTE, clock, listeners.children()),
        managed(api, namespaces, ResourceType.NETWORK_POLICY, clock, listeners.networkPolicies()),
        managed(api, namespaces, ResourceType.RESOURCE_CLAIM_TEMPLATE, clock, listeners.children()),
        managed(api, namespaces, ResourceType.ROLE, clock, listeners.children()),
        managed(api, namespaces, ResourceType.ROLE_BINDING, clock, listeners.children()),
        new ResourceCache<>(api, ResourceType.NODE, "", clock, listeners.nodes()));
  }

  private static <T extends KubeObject> ResourceCache<T> managed(
      KubeClient api,
      WatchedNamespaces namespaces,
      ResourceType<T> type,
      InstantSource clock,
      Consumer<KubeObject> listener) {
    return new ResourceCache<>(
        api,
        namespaces,
        type,
        Labels.MANAGED_SELECTOR,
        clock,
        change -> listener.accept(change.object()));
  }

  /**
   * All without which no session can be reconciled: without those of {@link #ofOtherProjects}, and
   * without {@link #access} and {@link #nodes}, which a cluster may not let the controller read.
   */
  public List<ResourceCache<?>> always() {
    return List.of(
        sessions, templates, pods, volumeClaims, secrets, services, ingresses, networkPolicies);
  }

  /** Types that not every cluster serves: CRDs of other projects, and claims of devices. */
  public List<ResourceCache<?>> ofOtherProjects() {
    return List.of(ingressRoutes, middlewares, serversTransports, httpRoutes, claimTemplates);
  }

  /** All types of routes. */
  public List<ResourceCache<?>> routes() {
    return List.of(ingressRoutes, ingresses, httpRoutes);
  }

  /** The objects of a type that sessions share. */
  public ResourceCache<PartialObjectMetadata> ofShared(ResourceType<PartialObjectMetadata> type) {
    return Stream.of(middlewares, serversTransports, networkPolicies, services, ingresses)
        .filter(cache -> cache.resourceType().equals(type))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(type.qualifiedName() + " is not shared"));
  }

  /** Roles and RoleBindings, which a cluster may not let the controller read. */
  public List<ResourceCache<?>> access() {
    return List.of(roles, roleBindings);
  }

  /** Whether Roles and RoleBindings are known. */
  public boolean isAccessSynced() {
    return access().stream().allMatch(ResourceCache::isSynced);
  }

  /** The caches of sessions, their objects and what they share. */
  public Map<ResourceType<?>, ResourceCache<?>> byType() {
    return Stream.of(always(), access(), ofOtherProjects())
        .<ResourceCache<?>>flatMap(List::stream)
        .collect(Collectors.toUnmodifiableMap(ResourceCache::resourceType, Function.identity()));
  }

  @Override
  public void close() {
    always().forEach(ResourceCache::close);
    access().forEach(ResourceCache::close);
    nodes.close();
    ofOtherProjects().forEach(ResourceCache::close);
  }
}
