package io.vdi.operator.controller.quota;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaQueue;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.controller.session.cache.ControllerCaches;
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
public final class QuotaAdmitter {
  /** Who was let go on and has no pod by then has to ask again. */
  private static final Duration GRANT = Duration.ofMinutes(1);

  /** Places further back are not told: they would change with every session that ends. */
  private static final int TOLD_PLACES = 10;

  private final ControllerCaches caches;
  private final Supplier<QuotaLimits> quota;
  private final InstantSource clock;
  private final QuotaMetrics metrics;
  private final Map<String, Granted> grants = new HashMap<>();

  /** Concurrent, so that who only leaves need not wait until a line is drawn up. */
  private final Map<String, Waiter> waiting = new ConcurrentHashMap<>();

  private record Granted(QuotaRequest share, Instant at) {}

  /** Who waits, and what it was told. */
  private record Waiter(SessionKey key, String words) {}

  public QuotaAdmitter(
      ControllerCaches caches,
      Supplier<QuotaLimits> quota,
      InstantSource clock,
      MeterRegistry meters) {
    this.caches = caches;
    this.quota = quota;
    this.clock = clock;
    this.metrics = new QuotaMetrics(meters, this::usage, quota, clock);
    meters.getOrCreate(
        Gauge.builder("vdi_quota_waiting", waiting::size)
            .description("Sessions in line for their share of a quota"));
  }

  /** Why this session, which wants to start its pod now, has to wait; empty where it may go on. */
  public synchronized Optional<String> admit(VdiSession session, Optional<VdiTemplate> template) {
    QuotaLimits limits = quota.get();
    QuotaRequest wish = share(session, QuotaRequest.gpusWhenRunning(session.spec(), template));
    if (!limits.limits(wish)) {
      waiting.remove(session.uid());
      return Optional.empty();
    }
    metrics.asked(wish);
    Map<String, QuotaQueue.QueuePosition> line = line(limits, Optional.of(seeker(session, wish)));
    Optional<String> wait = words(limits, line, session.uid());
    if (wait.isEmpty()) {
      waiting.remove(session.uid());
      grants.put(session.uid(), new Granted(wish, clock.instant()));
    } else {
      waiting.put(session.uid(), new Waiter(SessionKey.of(session), wait.get()));
    }
    return wait;
  }

  private static Optional<String> words(
      QuotaLimits limits, Map<String, QuotaQueue.QueuePosition> line, String uid) {
    return Optional.ofNullable(line.get(uid))
        .map(wait ->
            limits.mode() == QuotaLimits.Mode.REJECT
                ? wait.message()
                : wait.message()
                    + "; "
                    + (wait.position() <= TOLD_PLACES
                        ? "number " + wait.position() + " in line"
                        : "more than " + TOLD_PLACES + " in line before it"));
  }

  /** It will not start its pod after all. */
  public synchronized void release(String uid) {
    grants.remove(uid);
  }

  /** It does not want to start its pod now. */
  public void dequeue(String uid) {
    waiting.remove(uid);
  }

  public void forget(String uid) {
    release(uid);
    dequeue(uid);
  }

  /**
   * Those who wait and would be told something else now, or be let go on; to be looked at again.
   * The line is drawn up once for all of them: a thousand who each ask would draw up a thousand.
   */
  public synchronized Set<SessionKey> due() {
    Set<SessionKey> due = new HashSet<>();
    if (!waiting.isEmpty()) {
      QuotaLimits limits = quota.get();
      Map<String, QuotaQueue.QueuePosition> line = line(limits, Optional.empty());
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
  private Map<String, QuotaQueue.QueuePosition> line(
      QuotaLimits limits, Optional<QuotaQueue.PendingSession> asking) {
    List<QuotaRequest> held = new ArrayList<>();
    List<QuotaQueue.PendingSession> seekers = new ArrayList<>();
    look(held, seekers);
    asking
        .filter(one -> seekers.stream().noneMatch(seeker -> seeker.id().equals(one.id())))
        .ifPresent(seekers::add);
    return QuotaQueue.waitingSessions(limits, held, seekers);
  }

  private synchronized QuotaUsage usage() {
    List<QuotaRequest> held = new ArrayList<>();
    look(held, new ArrayList<>());
    return QuotaUsage.of(held);
  }

  /** Sorts all sessions into those that hold something and those that wait for it. */
  private void look(List<QuotaRequest> held, List<QuotaQueue.PendingSession> seekers) {
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
          seekers.add(
              seeker(
                  session, share(session, QuotaRequest.gpusWhenRunning(session.spec(), template))));
        }
      }
    }
  }

  private boolean mayWantAPod(VdiSession session) {
    return !session.metadata().isDeleting()
        && !session.spec().suspended()
        && (waiting.containsKey(session.uid())
            || session.status().currentPhase().orElse(Phase.PENDING) == Phase.PENDING);
  }

  private static QuotaQueue.PendingSession seeker(VdiSession session, QuotaRequest share) {
    return new QuotaQueue.PendingSession(
        session.uid(), share, session.metadata().creationTimestamp());
  }

  private static QuotaRequest share(VdiSession session, long gpus) {
    return new QuotaRequest(
        session.spec().user(),
        session.namespace(),
        session.spec().template(),
        new ResourceAmounts(1, gpus));
  }
}
