package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.ObjectNames;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The watches from which users read. Sessions and templates are shared with forward-auth. */
public final class DesktopCaches {
  private final KubeClient api;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final ResourceCache<PersistentVolumeClaim> homes;
  private final List<Consumer<SessionKey>> listeners = new CopyOnWriteArrayList<>();

  /**
   * Creates the watches of pods and homes.
   *
   * @param sessions whose changes the owner of this cache reports to {@link #sessionChanged}
   */
  public DesktopCaches(
      KubeClient api,
      WatchedNamespaces namespaces,
      InstantSource nodeClock,
      ResourceCache<VdiSession> sessions,
      ResourceCache<VdiTemplate> templates) {
    this.api = api;
    this.sessions = sessions;
    this.templates = templates;
    this.pods =
        new ResourceCache<>(
            api,
            namespaces,
            ResourceType.POD,
            Labels.MANAGED_SELECTOR,
            nodeClock,
            change -> sessionOf(change.object()).ifPresent(this::sessionChanged));
    this.homes =
        new ResourceCache<>(
            api,
            namespaces,
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            Labels.MANAGED_SELECTOR,
            nodeClock,
            change -> sessionOf(change.object()).ifPresent(this::sessionChanged));
  }

  /** The caches of this object alone, to start. */
  public List<ResourceCache<?>> own() {
    return List.of(pods, homes);
  }

  /** Called on a thread of a watch: it must return quickly. */
  void onChange(Consumer<SessionKey> listener) {
    listeners.add(listener);
  }

  /** Reports a change of a session. */
  public void sessionChanged(SessionKey key) {
    listeners.forEach(listener -> listener.accept(key));
  }

  ResourceCache<VdiSession> sessions() {
    return sessions;
  }

  ResourceCache<VdiTemplate> templates() {
    return templates;
  }

  ResourceCache<PersistentVolumeClaim> homes() {
    return homes;
  }

  /** Why nothing can be read; empty while it can. */
  Optional<String> error() {
    return Stream.of(sessions, templates, pods, homes)
        .filter(cache -> !cache.isSynced() || !cache.error().isEmpty())
        .findFirst()
        .map(cache -> GateMessage.CACHE_UNAVAILABLE.text(cache.resourceType()));
  }

  Optional<VdiTemplate> template(VdiSession session) {
    return templates.get("", session.spec().template());
  }

  /**
   * The template for a new session. If the cache does not have it, it is read from the API server:
   * whoever creates a template and starts a session of it at once would otherwise read that there
   * is no such template. A failure counts as a missing template.
   *
   * @param name from a request
   */
  Optional<VdiTemplate> templateForStart(String name) {
    return templates
        .get("", name)
        .or(() ->
            ObjectNames.isSubdomain(name)
                ? api.get(ResourceType.TEMPLATE, "", name).ok()
                : Optional.empty());
  }

  Optional<Pod> pod(VdiSession session) {
    return pods.get(session.namespace(), session.name())
        .filter(pod -> pod.metadata().isControlledBy(session.uid()));
  }

  /**
   * When the pod of a session was created; empty if there is none.
   *
   * @param uid of the session
   */
  public Optional<Instant> podCreatedAt(SessionKey session, String uid) {
    return pods.get(session.namespace(), session.name())
        .filter(pod -> pod.metadata().isControlledBy(uid))
        .map(pod -> pod.metadata().creationTimestamp());
  }

  Optional<PersistentVolumeClaim> home(VdiSession session) {
    return homes.get(session.namespace(), ResourceNames.persistentVolumeClaim(session.name()));
  }

  /** The session to which a pod or a home belongs, or belonged last, by its label. */
  static Optional<SessionKey> sessionOf(KubeObject object) {
    return object
        .metadata()
        .label(Labels.INSTANCE)
        .map(name -> new SessionKey(object.namespace(), name));
  }

  /** The owner of a home; empty text if it has none. */
  static String userOf(PersistentVolumeClaim home) {
    return home.metadata().annotation(Annotations.USER).orElse("");
  }
}
