package io.vdi.operator.admission.quota;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All sessions and homes, from the watches or from lists of the API server, and which reservations
 * belong to sessions that were observed.
 *
 * <p>The sessions of {@link #cached} are those that the watch has reported, in its order, so that
 * sessions and version always agree. A list with which the watch begins again is reported in any
 * order; until all of it is reported, only {@link #live} is complete.
 */
public final class SessionIndex {
  /** Reservation IDs to remember: far more than reservations can exist at the same time. */
  private static final int MAX_REMEMBERED = 20_000;

  private final KubeClient api;
  private final WatchedNamespaces namespaces;
  private final ResourceCache<VdiSession> cache;
  private final DeletedSessions homes;

  private final Object lock = new Object();

  /** What the watch has reported; these three change together. */
  private final Map<SessionKey, VdiSession> observed = new HashMap<>();

  private long newestVersion;

  /**
   * By reservation ID the resourceVersion at which its session was first observed. Deleted sessions
   * stay, because their reservation can still exist.
   */
  private final Map<String, Long> firstObserved =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  /** The version of the list of the watch of which all objects are known to be reported. */
  private long reportedList;

  /**
   * The sessions at one moment.
   *
   * @param deleted sessions that were deleted, whose homes the watch of claims may not show yet
   * @param claims of homes, at that moment or later
   * @param resourceVersion the snapshot contains every change up to this version
   * @param firstObserved by reservation ID the version at which its session was first observed,
   *     including deleted sessions
   * @param complete false if sessions or homes may be missing
   */
  record Snapshot(
      List<VdiSession> sessions,
      List<VdiSession> deleted,
      List<PersistentVolumeClaim> claims,
      long resourceVersion,
      Map<String, Long> firstObserved,
      boolean complete) {
    /** The version at which the session of this reservation was first observed. */
    Optional<Long> observedAt(String reservationId) {
      return Optional.ofNullable(firstObserved.get(reservationId));
    }
  }

  /**
   * @param namespaces whose sessions count
   */
  public SessionIndex(KubeClient api, WatchedNamespaces namespaces, InstantSource clock) {
    this.api = api;
    this.namespaces = namespaces;
    this.cache =
        new ResourceCache<>(api, namespaces, ResourceType.SESSION, "", clock, this::changed);
    this.homes = new DeletedSessions(api, namespaces, clock);
  }

  /** The caches behind the index; the caller starts and closes them. */
  public List<ResourceCache<?>> caches() {
    return List.of(cache, homes.claims());
  }

  /** Whether a session with this reservation ID exists or has existed. */
  boolean hasObserved(String reservationId) {
    synchronized (lock) {
      return firstObserved.containsKey(reservationId);
    }
  }

  /**
   * {@code namespace/name} of the sessions that name this template and are not being deleted. The
   * API server is asked each time: the watch may not have reported yet that the last session is
   * created or deleted, and Helm deletes a template right after its sessions.
   */
  public ApiResult<List<String>> using(String template) {
    return api.list(ResourceType.SESSION, namespaces, "")
        .map(list ->
            list.items().stream()
                .filter(session -> session.spec().template().equals(template))
                .filter(session -> !session.metadata().isDeleting())
                .map(session -> session.namespace() + "/" + session.name())
                .sorted()
                .toList());
  }

  /**
   * What the watches have delivered. The order of the reads matters: sessions first, claims last. A
   * home whose session is deleted in between counts by its claim as well, but is the same home.
   *
   * @param withHomes whether to read homes; the lists of them are empty otherwise
   */
  Snapshot cached(boolean withHomes) {
    List<VdiSession> sessions;
    List<VdiSession> deleted;
    long version;
    Map<String, Long> ids;
    boolean complete;
    synchronized (lock) {
      sessions = new ArrayList<>(observed.values());
      deleted = withHomes ? homes.sessions() : List.of();
      version = newestVersion;
      ids = new HashMap<>(firstObserved);
      complete = cache.listedVersion() == reportedList && (!withHomes || homes.isComplete());
    }
    List<PersistentVolumeClaim> claims = withHomes ? homes.claims().list() : List.of();
    return snapshot(sessions, deleted, claims, version, ids, complete);
  }

  /**
   * The sessions of the API server, and then their homes.
   *
   * @param withHomes whether to read homes; the lists of them are empty otherwise
   */
  ApiResult<Snapshot> live(boolean withHomes) {
    long seen;
    Map<String, Long> ids;
    synchronized (lock) {
      seen = newestVersion;
      ids = new HashMap<>(firstObserved);
    }
    long listedVersion = cache.listedVersion();
    return api.list(ResourceType.SESSION, namespaces, "")
        .flatMap(list -> {
          long version = parse(list.metadata().getResourceVersion());
          if (0 < version && version < seen) {
            forgetAfter(version);
            ids.values().removeIf(observedAt -> observedAt > version);
          }
          noteReported(listedVersion, list.items());
          if (!withHomes) {
            return new ApiResult.Ok<>(
                snapshot(list.items(), List.of(), List.of(), version, ids, true));
          }
          return homes
              .refresh()
              .map(claims -> snapshot(list.items(), List.of(), claims, version, ids, true));
        });
  }

  /**
   * Keeps the list of homes that count although their session is deleted short.
   *
   * @param needed whether anybody uses the homes
   */
  void refreshHomes(boolean needed) {
    if (needed) {
      homes.resolve();
    } else {
      homes.forget();
    }
  }

  /**
   * Notes whether all that the list of the watch contained is reported, if it still exists. What
   * was created later is required too, because it cannot be told apart from what has changed since.
   */
  private void noteReported(long listedVersion, List<VdiSession> live) {
    synchronized (lock) {
      if (reportedList == listedVersion) {
        return;
      }
      homes.listedAgain();
      if (live.stream().allMatch(session -> isReported(session, listedVersion))) {
        reportedList = listedVersion;
      }
    }
  }

  private boolean isReported(VdiSession session, long listedVersion) {
    VdiSession reported = observed.get(SessionKey.of(session));
    return reported != null
        && reported.uid().equals(session.uid())
        && (version(session) > listedVersion || reported.metadata().isAtLeast(session.metadata()));
  }

  /**
   * Forgets versions that the API server has not reached: its data was restored from a backup.
   * Otherwise the cache would pass for newer than it is. Until the watch reports a change, each
   * decision lists the sessions.
   */
  private void forgetAfter(long version) {
    synchronized (lock) {
      newestVersion = 0;
      firstObserved.values().removeIf(observedAt -> observedAt > version);
    }
  }

  private static Snapshot snapshot(
      List<VdiSession> sessions,
      List<VdiSession> deleted,
      List<PersistentVolumeClaim> claims,
      long version,
      Map<String, Long> ids,
      boolean complete) {
    sessions.forEach(
        session -> reservationId(session).ifPresent(id -> ids.putIfAbsent(id, version(session))));
    return new Snapshot(sessions, deleted, claims, version, ids, complete);
  }

  /** Takes a change from the watch. */
  void changed(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    SessionKey key = SessionKey.of(session);
    synchronized (lock) {
      reservationId(session).ifPresent(id -> firstObserved.putIfAbsent(id, version(session)));
      newestVersion = Math.max(newestVersion, version(session));
      Optional<VdiSession> before =
          Optional.ofNullable(
              change.now().isPresent() ? observed.put(key, session) : observed.remove(key));
      before
          .filter(former -> change.now().filter(now -> now.uid().equals(former.uid())).isEmpty())
          .ifPresent(homes::deleted);
    }
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
