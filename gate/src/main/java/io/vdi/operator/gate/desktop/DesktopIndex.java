package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The desktops by host and by UID, from a watch of the sessions and one of the templates. */
public final class DesktopIndex {
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final Map<String, Set<SessionKey>> byAuthority = new ConcurrentHashMap<>();
  private final Map<String, SessionKey> byUid = new ConcurrentHashMap<>();
  private final List<Consumer<SessionKey>> listeners = new CopyOnWriteArrayList<>();

  /**
   * @param namespaces those of the desktops
   * @param templates whom they allow
   */
  public DesktopIndex(
      KubeClient api,
      WatchedNamespaces namespaces,
      ResourceCache<VdiTemplate> templates,
      InstantSource nodeClock) {
    this.templates = templates;
    this.sessions =
        new ResourceCache<>(api, namespaces, ResourceType.SESSION, "", nodeClock, this::changed);
  }

  /** Called on the thread of the watch, after each change of a session: it must return quickly. */
  public void onChange(Consumer<SessionKey> listener) {
    listeners.add(listener);
  }

  public ResourceCache<VdiSession> cache() {
    return sessions;
  }

  private void changed(ResourceCache.Change<VdiSession> change) {
    change.now().flatMap(this::desktop).ifPresent(this::add);
    change
        .before()
        .flatMap(this::desktop)
        .filter(before ->
            !change
                .now()
                .flatMap(this::desktop)
                .map(Desktop::authority)
                .equals(Optional.of(before.authority())))
        .ifPresent(this::remove);
    SessionKey key = SessionKey.of(change.object());
    change.now().ifPresent(now -> byUid.put(now.uid(), key));
    change
        .before()
        .map(VdiSession::uid)
        .filter(uid -> !change.now().map(VdiSession::uid).equals(Optional.of(uid)))
        .ifPresent(byUid::remove);
    listeners.forEach(listener -> listener.accept(key));
  }

  private Optional<Desktop> desktop(VdiSession session) {
    return Desktop.of(session, templates.get("", session.spec().template()));
  }

  private void add(Desktop desktop) {
    byAuthority.merge(
        desktop.authority(),
        Set.of(desktop.session()),
        (a, b) -> {
          Set<SessionKey> both = ConcurrentHashMap.newKeySet();
          both.addAll(a);
          both.addAll(b);
          return Set.copyOf(both);
        });
  }

  private void remove(Desktop desktop) {
    byAuthority.computeIfPresent(
        desktop.authority(),
        (authority, keys) -> {
          Set<SessionKey> others = ConcurrentHashMap.newKeySet();
          others.addAll(keys);
          others.remove(desktop.session());
          return others.isEmpty() ? null : Set.copyOf(others);
        });
  }

  /**
   * The desktop at a host.
   *
   * @param authority host and port in lower case
   */
  public DesktopLookup find(String authority) {
    Optional<DesktopLookup> undecided = undecided();
    if (undecided.isPresent()) {
      return undecided.get();
    }
    List<Desktop> found =
        byAuthority.getOrDefault(authority, Set.of()).stream()
            .flatMap(key -> sessions.get(key.namespace(), key.name()).stream())
            .flatMap(session -> desktop(session).stream())
            .filter(desktop -> desktop.authority().equals(authority))
            .toList();
    return switch (found.size()) {
      case 0 -> new DesktopLookup.Unknown();
      case 1 -> new DesktopLookup.Found(found.getFirst());
      default -> new DesktopLookup.Undecided("several sessions have the host " + authority);
    };
  }

  /** The desktop of the session with this UID. */
  public DesktopLookup findByUid(String uid) {
    return undecided()
        .orElseGet(() ->
            Optional.ofNullable(byUid.get(uid))
                .flatMap(this::get)
                .filter(desktop -> desktop.uid().equals(uid))
                .<DesktopLookup>map(DesktopLookup.Found::new)
                .orElseGet(DesktopLookup.Unknown::new));
  }

  private Optional<DesktopLookup> undecided() {
    if (!sessions.isSynced() || !sessions.error().isEmpty()) {
      return Optional.of(
          new DesktopLookup.Undecided("the sessions cannot be read: " + sessions.error()));
    }
    if (!templates.isSynced() || !templates.error().isEmpty()) {
      return Optional.of(
          new DesktopLookup.Undecided("the templates cannot be read: " + templates.error()));
    }
    return Optional.empty();
  }

  /** The desktop of a session as it is now; empty if it is gone or has no address. */
  public Optional<Desktop> get(SessionKey key) {
    return sessions.get(key.namespace(), key.name()).flatMap(this::desktop);
  }

  /** All desktops, also those that are being deleted. */
  public List<Desktop> all() {
    return sessions.list().stream().flatMap(session -> desktop(session).stream()).toList();
  }
}
