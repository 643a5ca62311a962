package io.vdi.operator.controller;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.Amount;
import io.vdi.operator.common.quota.Line;
import io.vdi.operator.common.quota.Quota;
import io.vdi.operator.common.quota.Share;
import io.vdi.operator.common.quota.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The second line of the quotas, spec.md section 4: no pod is started beyond a limit, whatever the
 * webhook was asked or not. What counts is the pods there are, and those that were let go on a
 * moment ago; there is one leader, so its memory is enough.
 */
final class QuotaGate {
  /** Who was let go on and has no pod by then has to ask again. */
  private static final Duration GRANT = Duration.ofMinutes(1);

  /** Places further back are not told: they would change with every session that ends. */
  private static final int TOLD_PLACES = 10;

  private final Caches caches;
  private final Supplier<Quota> quota;
  private final InstantSource clock;
  private final QuotaMetrics metrics;
  private final Map<String, Granted> grants = new HashMap<>();

  /** Concurrent, so that who only leaves need not wait until a line is drawn up. */
  private final Map<String, Waiter> waiting = new ConcurrentHashMap<>();

  private record Granted(Share share, Instant at) {}

  /** Who waits, and what it was told. */
  private record Waiter(SessionKey key, String words) {}

  QuotaGate(Caches caches, Supplier<Quota> quota, InstantSource clock, MeterRegistry meters) {
    this.caches = caches;
    this.quota = quota;
    this.clock = clock;
    this.metrics = new QuotaMetrics(meters, this::usage, quota, clock);
    meters.getOrCreate(
        Gauge.builder("vdi_quota_waiting", waiting::size)
            .description("Sessions in line for their share of a quota"));
  }

  /** Why this session, which wants to start its pod now, has to wait; empty where it may go on. */
  synchronized Optional<String> ask(VdiSession session, Optional<VdiTemplate> template) {
    Quota limits = quota.get();
    Share wish = share(session, Share.wanted(session.spec(), template));
    if (!limits.concerns(wish)) {
      waiting.remove(session.uid());
      return Optional.empty();
    }
    metrics.asked(wish);
    Map<String, Line.Waiting> line = line(limits, Optional.of(seeker(session, wish)));
    Optional<String> wait = words(limits, line, session.uid());
    if (wait.isEmpty()) {
      waiting.remove(session.uid());
      grants.put(session.uid(), new Granted(wish, clock.instant()));
    } else {
      waiting.put(session.uid(), new Waiter(SessionKey.of(session), wait.get()));
    }
    return wait;
  }

  private static Optional<String> words(Quota limits, Map<String, Line.Waiting> line, String uid) {
    return Optional.ofNullable(line.get(uid))
        .map(wait ->
            limits.mode() == Quota.Mode.REJECT
                ? wait.message()
                : wait.message()
                    + "; "
                    + (wait.place() <= TOLD_PLACES
                        ? "number " + wait.place() + " in line"
                        : "more than " + TOLD_PLACES + " in line before it"));
  }

  /** It will not start its pod after all. */
  synchronized void release(String uid) {
    grants.remove(uid);
  }

  /** It does not want to start its pod now. */
  void leave(String uid) {
    waiting.remove(uid);
  }

  void forget(String uid) {
    release(uid);
    leave(uid);
  }

  /**
   * Those who wait and would be told something else now, or be let go on; to be looked at again.
   * The line is drawn up once for all of them: a thousand who each ask would draw up a thousand.
   */
  synchronized Set<SessionKey> due() {
    Set<SessionKey> due = new HashSet<>();
    if (!waiting.isEmpty()) {
      Quota limits = quota.get();
      Map<String, Line.Waiting> line = line(limits, Optional.empty());
      waiting.forEach((uid, waiter) -> {
        if (!words(limits, line, uid).equals(Optional.of(waiter.words()))) {
          due.add(waiter.key());
        }
      });
    }
    return due;
  }

  /**
   * Who has to wait, by uid.
   *
   * @param asking the caches may not show yet that it wants a pod
   */
  private Map<String, Line.Waiting> line(Quota limits, Optional<Line.Seeker> asking) {
    List<Share> held = new ArrayList<>();
    List<Line.Seeker> seekers = new ArrayList<>();
    look(held, seekers);
    asking
        .filter(one -> seekers.stream().noneMatch(seeker -> seeker.id().equals(one.id())))
        .ifPresent(seekers::add);
    return Line.waiting(limits, held, seekers);
  }

  private synchronized Usage usage() {
    List<Share> held = new ArrayList<>();
    look(held, new ArrayList<>());
    return Usage.of(held);
  }

  /** Sorts all sessions into those that hold something and those that wait for it. */
  private void look(List<Share> held, List<Line.Seeker> seekers) {
    Instant now = clock.instant();
    grants.values().removeIf(grant -> grant.at().plus(GRANT).isBefore(now));
    for (VdiSession session : caches.sessions().list()) {
      Optional<Pod> pod = caches.pods().get(session.namespace(), session.name());
      Granted grant = grants.get(session.uid());
      if (pod.isPresent()) {
        grants.remove(session.uid());
        if (!pod.get().isFinished()) {
          held.add(share(session, pod.get().gpus()));
        }
      } else if (grant != null) {
        held.add(grant.share());
      } else if (mayWantAPod(session)) {
        Optional<VdiTemplate> template = caches.templates().get("", session.spec().template());
        if (template.isPresent()) {
          seekers.add(seeker(session, share(session, Share.wanted(session.spec(), template))));
        }
      }
    }
  }

  private boolean mayWantAPod(VdiSession session) {
    return !session.metadata().deleting()
        && !session.spec().suspended()
        && (waiting.containsKey(session.uid())
            || session.status().currentPhase().orElse(Phase.PENDING) == Phase.PENDING);
  }

  private static Line.Seeker seeker(VdiSession session, Share share) {
    return new Line.Seeker(session.uid(), share, session.metadata().creationTimestamp());
  }

  private static Share share(VdiSession session, long gpus) {
    return new Share(
        session.spec().user(), session.namespace(), session.spec().template(), new Amount(1, gpus));
  }
}
