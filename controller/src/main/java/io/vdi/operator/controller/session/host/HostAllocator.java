package io.vdi.operator.controller.session.host;

import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.HostNames;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import java.net.URI;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Assigns a host to each session; docs/specification.md, section 2. A session keeps its host while
 * it exists. Claims are in memory, because there is one leader; a new leader takes them over with
 * {@link #restore}. See docs/decisions/hosts.md.
 */
public final class HostAllocator {
  private static final int HASH = 8;
  private static final int LONGEST_HASH = 40;

  private record Owner(SessionKey session, String uid, String user) {
    static Owner of(VdiSession session) {
      return new Owner(SessionKey.of(session), session.uid(), session.spec().user());
    }
  }

  private final ControllerCaches caches;
  private final Supplier<HostRules> rules;
  private final ReleasedHosts released;
  private final Map<String, Owner> ownerOf = new HashMap<>();
  private final Map<String, String> hostOf = new HashMap<>();

  public HostAllocator(ControllerCaches caches, Supplier<HostRules> rules, ReleasedHosts released) {
    this.caches = caches;
    this.rules = rules;
    this.released = released;
  }

  /**
   * The host of a session: the one that it has, else the one in its status or on its route, else a
   * new one.
   *
   * <p>Users can write status and routes, so a host found there counts only if no other session has
   * it and it is one that this session can be given. A reserved host, or one that is kept for its
   * former user, is not given to a session; a session that has such a host already keeps it.
   *
   * <p>The host of a session that is being deleted is kept for its user from now on; {@link
   * #storeReleased} writes that.
   */
  public synchronized String claim(VdiSession session) {
    String host = hostOf(session);
    if (session.metadata().isDeleting()) {
      released.note(host, session.spec().user(), rules.get().quarantine());
    }
    return host;
  }

  private String hostOf(VdiSession session) {
    String current = hostOf.get(session.uid());
    if (current != null) {
      return current;
    }
    Optional<String> recorded = recordedHost(session).filter(host -> canHave(session, host));
    if (recorded.isPresent() && tryClaim(recorded.get(), session)) {
      return recorded.get();
    }
    String preferred = HostNames.preferred(session.spec().user());
    if (mayBeGiven(preferred, session) && tryClaim(preferred, session)) {
      return preferred;
    }
    for (int length = HASH; length < LONGEST_HASH; length += HASH) {
      String distinct = distinct(session, length);
      if (mayBeGiven(distinct, session) && tryClaim(distinct, session)) {
        return distinct;
      }
    }
    throw new IllegalStateException("no host is free for " + SessionKey.of(session));
  }

  /**
   * Claims the hosts that sessions had under the previous leader. Must be called before the first
   * {@link #claim}.
   *
   * @return the sessions that have a host now
   */
  public List<VdiSession> restore() {
    List<VdiSession> recorded =
        caches.sessions().list().stream()
            .filter(session -> recordedHost(session).isPresent())
            // A host in the status was in use; one on a route only may have been. Older sessions
            // come first.
            .sorted(
                Comparator.<VdiSession, Boolean>comparing(s -> s.status().url().isEmpty())
                    .thenComparing(s -> s.metadata().creationTimestamp())
                    .thenComparing(VdiSession::uid))
            .toList();
    recorded.forEach(this::claim);
    return recorded;
  }

  /** Frees the host of the session with this UID, and keeps it for its user for some time. */
  public synchronized void release(String uid) {
    String host = hostOf.remove(uid);
    if (host != null) {
      ownerOf.computeIfPresent(
          host,
          (taken, owner) -> {
            if (!owner.uid().equals(uid)) {
              return owner;
            }
            released.note(host, owner.user(), rules.get().quarantine());
            return null;
          });
    }
  }

  /** Writes which hosts are kept for former users, if that has changed. */
  public void storeReleased() {
    released.store();
  }

  private boolean mayBeGiven(String host, VdiSession session) {
    HostRules current = rules.get();
    Owner owner = ownerOf.get(host);
    if (owner != null && !exists(owner)) {
      // Its session is deleted, and no worker has released it yet.
      released.note(host, owner.user(), current.quarantine());
    }
    return !current.reserved().contains(host)
        && (current.quarantine().isZero() || !released.isKeptFromUser(host, session.spec().user()));
  }

  /** Fails if the host belongs to a session that still exists. */
  private boolean tryClaim(String host, VdiSession session) {
    Owner owner = ownerOf.get(host);
    if (owner != null && exists(owner)) {
      return false;
    }
    ownerOf.put(host, Owner.of(session));
    hostOf.put(session.uid(), host);
    return true;
  }

  /** The cache shows a deletion before a worker releases the host of the session. */
  private boolean exists(Owner owner) {
    return caches
        .sessions()
        .get(owner.session().namespace(), owner.session().name())
        .filter(session -> session.uid().equals(owner.uid()))
        .isPresent();
  }

  private static boolean canHave(VdiSession session, String host) {
    if (host.equals(HostNames.preferred(session.spec().user()))) {
      return true;
    }
    for (int length = HASH; length < LONGEST_HASH; length += HASH) {
      if (host.equals(distinct(session, length))) {
        return true;
      }
    }
    return false;
  }

  private static String distinct(VdiSession session, int hashLength) {
    return HostNames.distinct(
        session.spec().user(), session.namespace(), session.name(), hashLength);
  }

  private Optional<String> recordedHost(VdiSession session) {
    return hostOfUrl(session.status().url())
        .or(() ->
            caches.routes().stream()
                .flatMap(routes -> hostOfRoute(routes, session).stream())
                .findFirst());
  }

  private static Optional<String> hostOfRoute(ResourceCache<?> routes, VdiSession session) {
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
