package io.vdi.operator.controller.quota;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.Condition;
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
import io.vdi.operator.controller.session.plan.NodeDrain;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.QuotaWait;
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
 * Enforces the quotas a second time, after the webhook; docs/specification.md, section 4. No pod is
 * created beyond a limit, also for sessions that were created without the webhook. In use are the
 * existing pods, pods that were admitted recently, and those that move away from a drained node.
 * There is one leader, so its memory is enough.
 */
public final class QuotaAdmitter {
  /** After this time without a pod an admission ends, and the session is checked again. */
  private static final Duration GRANT = Duration.ofMinutes(1);

  /** Later positions are not reported: their statuses would change with every session that ends. */
  private static final int REPORTED_POSITIONS = 10;

  private final ControllerCaches caches;
  private final Supplier<QuotaLimits> quota;
  private final InstantSource clock;
  private final QuotaMetrics metrics;
  private final Map<String, Grant> grants = new HashMap<>();

  /** Concurrent, so that removing a session does not wait for the queue to be computed. */
  private final Map<String, Waiter> waiting = new ConcurrentHashMap<>();

  private record Grant(QuotaRequest request, Instant at) {}

  /** A session that waits, the message that it has, and since when it wants its pod. */
  private record Waiter(SessionKey key, String message, Instant since) {}

  /** When the last session was resumed. */
  private Instant lastResume = Instant.EPOCH;

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
            .description("Sessions waiting for their share of a quota"));
  }

  /**
   * A session was resumed, and takes its place in the queue before any pass over it. So sessions
   * that are resumed at the same time start in this order, whichever of them has its pass first.
   */
  public synchronized void resumed(VdiSession session) {
    Instant next = lastResume.plusNanos(1);
    Instant now = clock.instant();
    lastResume = now.isAfter(next) ? now : next;
    waiting.put(session.uid(), new Waiter(SessionKey.of(session), "", lastResume));
  }

  /**
   * Admits the pod of a session that wants to start it now, or adds the session to the queue.
   *
   * @return the session, with the reason if it has to wait
   */
  public synchronized ObservedSession admit(ObservedSession observed) {
    VdiSession session = observed.session();
    QuotaLimits limits = quota.get();
    QuotaRequest request =
        request(session, QuotaRequest.gpusWhenRunning(session.spec(), observed.template()));
    QuotaRequest withHome =
        request.with(
            request
                .amount()
                .withStorage(QuotaRequest.storage(session.spec(), observed.template())));
    if (limits.appliesTo(withHome)) {
      metrics.requested(withHome);
    }
    if (!limits.appliesTo(request)) {
      return dequeue(observed);
    }
    if (NodeDrain.isMoving(session)) {
      grants.put(session.uid(), new Grant(request, clock.instant()));
      return dequeue(observed);
    }
    Map<String, QuotaQueue.QueuePosition> positions =
        positions(limits, Optional.of(pending(session, request)));
    Optional<String> message = message(limits, positions, session.uid());
    if (message.isEmpty()) {
      grants.put(session.uid(), new Grant(request, clock.instant()));
      return dequeue(observed);
    }
    Instant since = since(session);
    waiting.put(session.uid(), new Waiter(SessionKey.of(session), message.get(), since));
    return observed.waitingForQuota(new QuotaWait(message.get(), since));
  }

  private static Optional<String> message(
      QuotaLimits limits, Map<String, QuotaQueue.QueuePosition> positions, String uid) {
    return Optional.ofNullable(positions.get(uid))
        .map(wait ->
            limits.mode() == QuotaLimits.Mode.REJECT
                ? wait.message()
                : wait.message() + "; " + place(wait.position()));
  }

  private static String place(int position) {
    if (position == 0) {
      return StatusMessage.QUEUE_NEVER.text();
    }
    return position <= REPORTED_POSITIONS
        ? StatusMessage.QUEUE_POSITION.text(position)
        : StatusMessage.QUEUE_FAR.text(REPORTED_POSITIONS);
  }

  /** The pod that was admitted is not created. */
  public synchronized void release(String uid) {
    grants.remove(uid);
  }

  /** The session does not wait for the quotas. */
  public ObservedSession dequeue(ObservedSession observed) {
    waiting.remove(observed.session().uid());
    return observed;
  }

  /** The session with this UID is deleted. */
  public void forget(String uid) {
    release(uid);
    waiting.remove(uid);
  }

  /**
   * The waiting sessions whose message changes or that are admitted now; they need a pass. The
   * queue is computed once for all of them: computing it in each of their passes takes quadratic
   * time.
   */
  public synchronized Set<SessionKey> due() {
    Set<SessionKey> due = new HashSet<>();
    if (!waiting.isEmpty()) {
      QuotaLimits limits = quota.get();
      Map<String, QuotaQueue.QueuePosition> positions = positions(limits, Optional.empty());
      waiting.forEach((uid, waiter) -> {
        if (!message(limits, positions, uid).equals(Optional.of(waiter.message()))) {
          due.add(waiter.key());
        }
      });
    }
    return due;
  }

  /**
   * The positions of the sessions that have to wait, by UID.
   *
   * @param asking the session that asks; the caches may not show yet that it wants a pod
   */
  private Map<String, QuotaQueue.QueuePosition> positions(
      QuotaLimits limits, Optional<QuotaQueue.PendingSession> asking) {
    List<QuotaRequest> inUse = new ArrayList<>();
    List<QuotaQueue.PendingSession> pending = new ArrayList<>();
    classify(inUse, pending);
    asking
        .filter(one -> pending.stream().noneMatch(other -> other.id().equals(one.id())))
        .ifPresent(pending::add);
    return QuotaQueue.waitingSessions(limits, inUse, pending);
  }

  private synchronized QuotaUsage usage() {
    List<QuotaRequest> inUse = new ArrayList<>();
    classify(inUse, new ArrayList<>());
    QuotaUsage usage = QuotaUsage.of(inUse);
    if (quota.get().limitsStorage()) {
      for (VdiSession session : caches.sessions().list()) {
        QuotaRequest request =
            QuotaRequest.of(session, caches.templates().get("", session.spec().template()));
        usage.add(request.with(ResourceAmounts.ZERO.withStorage(request.amount().storage())));
      }
      caches.volumeClaims().list().forEach(usage::add);
    }
    return usage;
  }

  /** Divides all sessions into those that use a share of the quotas and those that wait for one. */
  private void classify(List<QuotaRequest> inUse, List<QuotaQueue.PendingSession> pending) {
    Instant now = clock.instant();
    grants.values().removeIf(grant -> grant.at().plus(GRANT).isBefore(now));
    for (VdiSession session : caches.sessions().list()) {
      Optional<Pod> pod = caches.pods().get(session.namespace(), session.name());
      Grant grant = grants.get(session.uid());
      if (pod.isPresent()) {
        grants.remove(session.uid());
        if (!pod.get().isFinished() || NodeDrain.isMoving(session)) {
          inUse.add(request(session, pod.get().gpus()));
        }
      } else if (grant != null) {
        inUse.add(grant.request());
      } else if (NodeDrain.isMoving(session)) {
        inUse.add(
            request(
                session,
                QuotaRequest.gpusWhenRunning(
                    session.spec(), caches.templates().get("", session.spec().template()))));
      } else if (mayWantPod(session)) {
        Optional<VdiTemplate> template = caches.templates().get("", session.spec().template());
        if (template.isPresent()) {
          pending.add(
              pending(
                  session,
                  request(session, QuotaRequest.gpusWhenRunning(session.spec(), template))));
        }
      }
    }
  }

  private boolean mayWantPod(VdiSession session) {
    return !session.metadata().isDeleting()
        && !session.spec().suspended()
        && (waiting.containsKey(session.uid())
            || session.status().currentPhase().orElse(Phase.PENDING) == Phase.PENDING);
  }

  private QuotaQueue.PendingSession pending(VdiSession session, QuotaRequest request) {
    return new QuotaQueue.PendingSession(session.uid(), request, since(session));
  }

  /**
   * Since when the session wants its pod: since it was resumed, or created. What another leader
   * knew is in the status.
   */
  private Instant since(VdiSession session) {
    return Optional.ofNullable(waiting.get(session.uid()))
        .map(Waiter::since)
        .or(() ->
            session
                .status()
                .condition(Condition.QUOTA_ADMITTED)
                .filter(admitted -> !admitted.isTrue())
                .map(Condition::lastTransitionTime))
        .orElseGet(() ->
            session.status().is(Phase.SUSPENDED)
                ? clock.instant()
                : session.metadata().creationTimestamp());
  }

  private static QuotaRequest request(VdiSession session, long gpus) {
    return new QuotaRequest(
        session.spec().user(),
        session.namespace(),
        session.spec().template(),
        // The webhook alone limits storage: a pod needs none beyond its home.
        new ResourceAmounts(1, gpus, 0));
  }
}
