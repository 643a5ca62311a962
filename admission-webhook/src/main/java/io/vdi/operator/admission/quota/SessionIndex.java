package io.vdi.operator.admission.quota;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** All sessions, as the watch has shown them or as a list shows them now. */
public final class SessionIndex implements AutoCloseable {
  /** Ids that are remembered: far more than there can be reservations at a time. */
  private static final int REMEMBERED = 20_000;

  private final KubeClient api;
  private final ResourceCache<VdiSession> cache;
  private final AtomicLong position = new AtomicLong();

  /** By id the version at which its session was first seen; also of sessions that have gone. */
  private final Map<String, Long> seen =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
              return size() > REMEMBERED;
            }
          });

  /**
   * What can be seen at one moment.
   *
   * @param position every session that was made or changed up to this resourceVersion is in it
   * @param seen by the id of a reservation the version of its session, also where that has gone
   */
  record Snapshot(List<VdiSession> sessions, long position, Map<String, Long> seen) {}

  public SessionIndex(KubeClient api, InstantSource clock) {
    this.api = api;
    this.cache = new ResourceCache<>(api, ResourceType.SESSION, "", clock, this::changed);
  }

  public ResourceCache<VdiSession> cache() {
    return cache;
  }

  /** Whether a session bears, or has borne, this id. */
  public boolean hasSeen(String id) {
    return seen.containsKey(id);
  }

  /**
   * {@code namespace/name} of the sessions that name this template. An old cache does not call a
   * template unused.
   */
  public List<String> using(String template) {
    List<String> cached = using(template, cache.list());
    return cached.isEmpty()
        ? using(template, api.list(ResourceType.SESSION, "", "").orElseThrow().items())
        : cached;
  }

  private static List<String> using(String template, List<VdiSession> sessions) {
    return sessions.stream()
        .filter(session -> session.spec().template().equals(template))
        .map(session -> session.namespace() + "/" + session.name())
        .sorted()
        .toList();
  }

  /**
   * What the watch has shown. The order matters: first how far it has come and whom it has shown,
   * then the sessions. What comes in between is counted twice; the other way round it would be
   * counted neither as a session nor as a reservation.
   */
  Snapshot cached() {
    long reached = position.get();
    Map<String, Long> ids = seen();
    return view(cache.list(), reached, ids);
  }

  /** Asks the API server; empty where it does not answer. In the same order. */
  Optional<Snapshot> live() {
    Map<String, Long> ids = seen();
    return api.list(ResourceType.SESSION, "", "")
        .ok()
        .map(list -> view(list.items(), version(list.metadata().getResourceVersion()), ids));
  }

  private Map<String, Long> seen() {
    synchronized (seen) {
      return new HashMap<>(seen);
    }
  }

  private static Snapshot view(List<VdiSession> sessions, long reached, Map<String, Long> ids) {
    sessions.forEach(session -> id(session).ifPresent(id -> ids.putIfAbsent(id, version(session))));
    return new Snapshot(sessions, reached, ids);
  }

  private void changed(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    id(session).ifPresent(id -> seen.putIfAbsent(id, version(session)));
    position.accumulateAndGet(version(session), Math::max);
  }

  private static Optional<String> id(VdiSession session) {
    return session.metadata().annotation(Annotations.RESERVATION);
  }

  private static long version(VdiSession session) {
    ObjectMeta metadata = session.metadata();
    return version(metadata.resourceVersion());
  }

  /** Resource versions of one kind are comparable as numbers. */
  private static long version(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    cache.close();
  }
}
