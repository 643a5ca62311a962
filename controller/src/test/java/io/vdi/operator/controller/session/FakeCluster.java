package io.vdi.operator.controller.session;

import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.ObserveServer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A fake API server with the caches of a controller, and a clock that the test sets. */
public final class FakeCluster implements AutoCloseable {
  public static final String NAMESPACE = "desks";

  public static final SessionConfig CONFIG =
      new SessionConfig(
          "vdi.example.com",
          new SessionConfig.Ingress(
              SessionConfig.IngressKind.TRAEFIK, Optional.empty(), List.of("websecure")),
          new SessionConfig.Tls(SessionConfig.TlsMode.CERT_RESOLVER, "letsencrypt", ""),
          Optional.empty(),
          Optional.empty(),
          Optional.of(new IdentityMapping(Map.of(), "", "")),
          Optional.empty());

  public final FakeApiServer server = FakeApiServer.start();
  public final KubeClient client = server.client();
  public final ControllerCaches caches;
  private final Map<String, Instant> created = new HashMap<>();
  private volatile Instant now = Instant.parse("2026-01-01T12:00:00Z");

  private FakeCluster(Consumer<ResourceCache.Change<VdiSession>> onSession) {
    this.caches =
        ControllerCaches.of(
            client,
            WatchedNamespaces.ALL,
            clock(),
            new ControllerCaches.Listeners(
                onSession,
                change -> {},
                change -> {},
                object -> {},
                object -> {},
                change -> {},
                object -> {}));
  }

  /** The caches show only what the test gives them with {@link ResourceCache#created}. */
  public static FakeCluster withoutWatches() {
    return new FakeCluster(change -> {});
  }

  /** The caches watch the fake API server. */
  public static FakeCluster watched() {
    return watched(change -> {});
  }

  /**
   * @param onSession called for each change of a session, on the thread of the watch
   */
  public static FakeCluster watched(Consumer<ResourceCache.Change<VdiSession>> onSession) {
    FakeCluster cluster = new FakeCluster(onSession);
    cluster.caches.always().forEach(ResourceCache::start);
    cluster.caches.ofOtherProjects().forEach(ResourceCache::start);
    cluster.caches.access().forEach(ResourceCache::start);
    cluster.caches.nodes().start();
    await()
        .until(() ->
            cluster.caches.always().stream().allMatch(ResourceCache::isSynced)
                && cluster.caches.isAccessSynced()
                && cluster.caches.nodes().isSynced()
                && cluster.caches.ofOtherProjects().stream().allMatch(ResourceCache::isSynced));
    return cluster;
  }

  /** The registry of this JVM, without the meters of earlier tests. */
  public static MeterRegistry emptyMeters() {
    MeterRegistry meters = ObserveServer.meters();
    List.copyOf(meters.meters()).forEach(meters::remove);
    return meters;
  }

  public InstantSource clock() {
    return () -> now;
  }

  public Instant now() {
    return now;
  }

  public void setTime(Instant time) {
    now = time;
  }

  /** Stores a session; returns when the cache shows this version. */
  public VdiSession putSession(String name, String user, String moreFields) {
    return put(
        ResourceType.SESSION,
        caches.sessions(),
        NAMESPACE,
        """
        {"metadata": {"name": "%s", "namespace": "%s", "generation": 1,
           "creationTimestamp": "%s"},
         "spec": {"user": "%s", "template": "ubuntu"%s}}
        """
            .formatted(name, NAMESPACE, created(name), user, moreFields));
  }

  /** Sessions are a second older than those that the test stores after them. */
  private Instant created(String session) {
    Instant next = Instant.parse("2026-01-01T11:00:00Z").plusSeconds(created.size());
    created.putIfAbsent(session, next);
    return created.get(session);
  }

  /** Stores the template {@code ubuntu}; returns when the cache shows it. */
  public VdiTemplate putTemplate(String moreFields) {
    return put(
        ResourceType.TEMPLATE,
        caches.templates(),
        "",
        """
        {"metadata": {"name": "ubuntu"}, "spec": {"image": "desktop"%s}}
        """
            .formatted(moreFields));
  }

  /** Stores a child of the session; returns when the cache shows it. */
  public KubeObject putChild(ResourceType<?> type, String name, VdiSession owner, String status) {
    return putChild(type, caches.byType().get(type), name, owner, status);
  }

  private <T extends KubeObject> T putChild(
      ResourceType<?> type, ResourceCache<T> cache, String name, VdiSession owner, String status) {
    JsonObject object =
        JsonParser.parseString(
                """
                {"metadata": {"name": "%s", "namespace": "%s", "ownerReferences": [{
                   "apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession", "name": "%s",
                   "uid": "%s", "controller": true}]},
                 "status": %s}
                """
                    .formatted(name, NAMESPACE, owner.name(), owner.uid(), status))
            .getAsJsonObject();
    object
        .getAsJsonObject("metadata")
        .add(
            "labels",
            KubeGson.gson().toJsonTree(Labels.ofSession(owner.name(), owner.spec().user())));
    return put(type, cache, NAMESPACE, object.toString());
  }

  private <T extends KubeObject> T put(
      ResourceType<?> type, ResourceCache<T> cache, String namespace, String json) {
    JsonObject stored = server.put(type, json);
    T object = KubeGson.gson().fromJson(stored, cache.resourceType().objectClass());
    await()
        .until(() ->
            cache
                .get(namespace, object.name())
                .filter(shown -> shown.metadata().isAtLeast(object.metadata()))
                .isPresent());
    return object;
  }

  /** Deletes a session as the API server does at the end; returns when the cache shows it. */
  public void removeSession(VdiSession session) {
    server.remove(ResourceType.SESSION, session.namespace(), session.name());
    await()
        .until(() ->
            caches.sessions().get(session.namespace(), session.name()).isEmpty()
                && caches.sessions().list().stream()
                    .noneMatch(listed -> listed.uid().equals(session.uid())));
  }

  @Override
  public void close() {
    caches.close();
    client.close();
    server.close();
  }
}
