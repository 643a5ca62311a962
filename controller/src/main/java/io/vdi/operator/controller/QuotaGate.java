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
  private final Map<String, SessionKey> waiting = new HashMap<>();

  private record Granted(Share share, Instant at) {}

  QuotaGate(Caches caches, Supplier<Quota> quota, InstantSource clock, MeterRegistry meters) {
    this.caches = caches;
    this.quota = quota;
    this.clock = clock;
    this.metrics = new QuotaMetrics(meters, this::usage, quota, clock);
    meters.getOrCreate(
        Gauge.builder("vdi_quota_waiting", () -> waiting().size())
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
    List<Share> held = new ArrayList<>();
    List<Line.Seeker> seekers = new ArrayList<>();
    look(held, seekers);
    if (seekers.stream().noneMatch(seeker -> seeker.id().equals(session.uid()))) {
      seekers.add(seeker(session, wish));
    }
    Optional<Line.Waiting> wait =
        Optional.ofNullable(Line.waiting(limits, held, seekers).get(session.uid()));
    if (wait.isEmpty()) {
      waiting.remove(session.uid());
      grants.put(session.uid(), new Granted(wish, clock.instant()));
      return Optional.empty();
    }
    waiting.put(session.uid(), SessionKey.of(session));
    return Optional.of(words(limits, wait.get()));
  }

  private static String words(Quota limits, Line.Waiting wait) {
    if (limits.mode() == Quota.Mode.REJECT) {
      return wait.message();
    }
    return wait.message()
        + "; "
        + (wait.place() <= TOLD_PLACES
            ? "number " + wait.place() + " in line"
            : "more than " + TOLD_PLACES + " in line before it");
  }

  /** It will not start its pod after all. */
  synchronized void release(String uid) {
    grants.remove(uid);
  }

  synchronized void forget(String uid) {
    grants.remove(uid);
    waiting.remove(uid);
  }

  /** Those who wait; to be looked at again when something may have become free. */
  synchronized Set<SessionKey> waiting() {
    return new HashSet<>(waiting.values());
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
    return waiting.containsKey(session.uid())
        || (!session.metadata().deleting()
            && !session.spec().suspended()
            && session.status().currentPhase().orElse(Phase.PENDING) == Phase.PENDING);
  }

  private static Line.Seeker seeker(VdiSession session, Share share) {
    return new Line.Seeker(session.uid(), share, session.metadata().creationTimestamp());
  }

  private static Share share(VdiSession session, long gpus) {
    return new Share(
        session.spec().user(), session.namespace(), session.spec().template(), new Amount(1, gpus));
  }
}
