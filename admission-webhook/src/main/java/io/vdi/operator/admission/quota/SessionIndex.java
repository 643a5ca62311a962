package io.vdi.operator.admission.quota;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
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

/**
 * All sessions, from the watch or from a list of the API server, and which reservations belong to
 * sessions that were observed.
 */
public final class SessionIndex {
  /** Reservation IDs to remember: far more than reservations can exist at the same time. */
  private static final int MAX_REMEMBERED = 20_000;

  private final KubeClient api;
  private final ResourceCache<VdiSession> cache;
  private final AtomicLong newestVersion = new AtomicLong();

  /**
   * By reservation ID the resourceVersion at which its session was first observed. Deleted sessions
   * stay, because their reservation can still exist.
   */
  private final Map<String, Long> firstObserved =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
              return size() > MAX_REMEMBERED;
            }
          });

  /**
   * The sessions at one moment.
   *
   * @param resourceVersion the snapshot contains every change up to this version
   * @param firstObserved by reservation ID the version at which its session was first observed,
   *     including deleted sessions
   */
  record Snapshot(
      List<VdiSession> sessions, long resourceVersion, Map<String, Long> firstObserved) {
    /** The version at which the session of this reservation was first observed. */
    Optional<Long> observedAt(String reservationId) {
      return Optional.ofNullable(firstObserved.get(reservationId));
    }
  }

  public SessionIndex(KubeClient api, InstantSource clock) {
    this.api = api;
    this.cache = new ResourceCache<>(api, ResourceType.SESSION, "", clock, this::changed);
  }

  /** The cache behind the index; the caller starts and closes it. */
  public ResourceCache<VdiSession> cache() {
    return cache;
  }

  /** Whether a session with this reservation ID exists or has existed. */
  boolean hasObserved(String reservationId) {
    return firstObserved.containsKey(reservationId);
  }

  /**
   * {@code namespace/name} of the sessions that name this template and are not being deleted. If
   * the cache contains none, the API server is asked, because the cache can be older than the
   * newest session.
   */
  public ApiResult<List<String>> using(String template) {
    List<String> cached = using(template, cache.list());
    return cached.isEmpty()
        ? api.list(ResourceType.SESSION, "", "").map(list -> using(template, list.items()))
        : new ApiResult.Ok<>(cached);
  }

  private static List<String> using(String template, List<VdiSession> sessions) {
    return sessions.stream()
        .filter(session -> session.spec().template().equals(template))
        .filter(session -> !session.metadata().isDeleting())
        .map(session -> session.namespace() + "/" + session.name())
        .sorted()
        .toList();
  }

  /**
   * What the watch has delivered. The order of the reads matters: version and IDs first, sessions
   * last. A session that arrives in between is counted twice. In the opposite order it would be
   * counted neither as a session nor as a reservation.
   */
  Snapshot cached() {
    long version = newestVersion.get();
    Map<String, Long> ids = observedIds();
    return snapshot(cache.list(), version, ids);
  }

  /** The sessions of the API server, read in the same order. */
  ApiResult<Snapshot> live() {
    long observed = newestVersion.get();
    Map<String, Long> ids = observedIds();
    return api.list(ResourceType.SESSION, "", "")
        .map(list -> {
          long version = parse(list.metadata().getResourceVersion());
          if (0 < version && version < observed) {
            forgetAfter(version);
            ids.values().removeIf(observedAt -> observedAt > version);
          }
          return snapshot(list.items(), version, ids);
        });
  }

  /**
   * Forgets versions that the API server has not reached: its data was restored from a backup.
   * Otherwise the cache would pass for newer than it is. Until the watch reports a change, each
   * decision lists the sessions.
   */
  private void forgetAfter(long version) {
    newestVersion.set(0);
    synchronized (firstObserved) {
      firstObserved.values().removeIf(observedAt -> observedAt > version);
    }
  }

  private Map<String, Long> observedIds() {
    synchronized (firstObserved) {
      return new HashMap<>(firstObserved);
    }
  }

  private static Snapshot snapshot(List<VdiSession> sessions, long version, Map<String, Long> ids) {
    sessions.forEach(
        session -> reservationId(session).ifPresent(id -> ids.putIfAbsent(id, version(session))));
    return new Snapshot(sessions, version, ids);
  }

  /** Takes a change from the watch. */
  void changed(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    reservationId(session).ifPresent(id -> firstObserved.putIfAbsent(id, version(session)));
    newestVersion.accumulateAndGet(version(session), Math::max);
  }

  private static Optional<String> reservationId(VdiSession session) {
    return session.metadata().annotation(Annotations.RESERVATION);
  }

  private static long version(VdiSession session) {
    return parse(session.metadata().resourceVersion());
  }

  /** Resource versions of one resource type can be compared as numbers. */
  private static long parse(String resourceVersion) {
    try {
      return Long.parseLong(resourceVersion);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
