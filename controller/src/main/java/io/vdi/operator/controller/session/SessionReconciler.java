package io.vdi.operator.controller.session;

import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.ControllerConfig;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.apply.SecretGenerator;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.cache.DesiredStateCache;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.Requeue;
import io.vdi.operator.controller.session.plan.SessionPlanner;
import io.vdi.operator.controller.session.plan.StatusCalculator;
import io.vdi.operator.controller.session.plan.TurnCredentialLifetime;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** One pass over one session: gather, plan, apply, write the status. */
public final class SessionReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReconciler.class);

  /** How often a session at rest is looked at, spec.md section 3. */
  private static final Duration REST = Duration.ofSeconds(30);

  private final ControllerCaches caches;
  private final SessionObserver gatherer;
  private final DesiredStateCache blueprints;
  private final PlanExecutor applier;
  private final QuotaAdmitter quota;
  private final BurstDetector newcomers;
  private final StatusWriteThrottle pace;
  private final ResyncSchedule drift;
  private final EventRecorder events;
  private final SessionMetrics metrics;
  private final Supplier<ControllerConfig> config;
  private final InstantSource clock;
  private final AtomicLong passes = new AtomicLong();

  public SessionReconciler(
      ControllerCaches caches,
      SessionObserver gatherer,
      DesiredStateCache blueprints,
      PlanExecutor applier,
      QuotaAdmitter quota,
      BurstDetector newcomers,
      StatusWriteThrottle pace,
      ResyncSchedule drift,
      EventRecorder events,
      SessionMetrics metrics,
      Supplier<ControllerConfig> config,
      InstantSource clock) {
    this.caches = caches;
    this.gatherer = gatherer;
    this.blueprints = blueprints;
    this.applier = applier;
    this.quota = quota;
    this.newcomers = newcomers;
    this.pace = pace;
    this.drift = drift;
    this.events = events;
    this.metrics = metrics;
    this.config = config;
    this.clock = clock;
  }

  public ReconcileResult reconcile(SessionKey key) {
    MDC.put("session", key.toString());
    MDC.put("reconcile", Long.toString(passes.incrementAndGet(), 36));
    long start = System.nanoTime();
    newcomers.started(key);
    try {
      Optional<VdiSession> session = caches.sessions().get(key.namespace(), key.name());
      if (session.isEmpty()) {
        return new ReconcileResult.Done();
      }
      return pass(session.get());
    } finally {
      metrics.reconciled(Duration.ofNanos(System.nanoTime() - start));
      MDC.clear();
    }
  }

  private ReconcileResult pass(VdiSession session) {
    Instant now = clock.instant();
    ControllerConfig settings = config.get();
    boolean mendDrift = drift.isDue(session.uid(), now);
    ObservedSession seen = gatherer.observe(session, mendDrift);
    Plan plan = SessionPlanner.plan(seen, settings.plan(), blueprints::of, now);
    if (plan.startsPod()) {
      Optional<String> wait = quota.admit(session, seen.template());
      if (wait.isPresent()) {
        seen = seen.waitingForQuota(wait.get());
        plan = SessionPlanner.plan(seen, settings.plan(), blueprints::of, now);
      }
    } else {
      quota.dequeue(session.uid());
    }
    LOG.debug("plan: {}", plan.stages());
    PlanExecutor.ExecutionResult outcome =
        applier.execute(session, plan.stages(), turnGrant(seen, settings, now));
    return switch (outcome) {
      case PlanExecutor.ExecutionResult.Done() -> {
        if (mendDrift) {
          drift.done(session.uid(), now);
        }
        if (released(plan)) {
          metrics.ended(session, now);
          yield new ReconcileResult.Done();
        }
        yield plan.status().isPresent()
            ? finish(session, plan.status().get(), plan.next(), now)
            : rest();
      }
      case PlanExecutor.ExecutionResult.Failed(
              ApiFailure.Transient(String reason, String message)) -> {
        metrics.error(reason);
        yield new ReconcileResult.Retry(message);
      }
      case PlanExecutor.ExecutionResult.Failed(ApiFailure.Permanent why) -> {
        metrics.error(why.reason());
        quota.release(session.uid());
        yield plan.status().isPresent()
            ? finish(
                session,
                StatusCalculator.refused(seen, plan.status().get(), why, now),
                new Requeue.Settled(),
                now)
            : new ReconcileResult.Retry(why.message());
      }
    };
  }

  private ReconcileResult finish(
      VdiSession session, VdiSession.Status status, Requeue next, Instant now) {
    VdiSession.Status before = session.status();
    if (status.equals(before)) {
      return then(next);
    }
    Optional<Duration> wait =
        pace.delay(session.uid(), before, status, now, newcomers.statusDelay(now));
    if (wait.isPresent()) {
      // A start that is too slow fails in time, whatever has to be said meanwhile.
      return new ReconcileResult.RequeueAfter(Collections.min(List.of(wait.get(), delay(next))));
    }
    Optional<ApiFailure> failure = applier.writeStatus(session, status);
    if (failure.isPresent()) {
      metrics.error(failure.get().reason());
      return new ReconcileResult.Retry("status: " + failure.get().message());
    }
    pace.wrote(session.uid(), now);
    tell(session, before, status, now);
    return then(next);
  }

  /** An Event for each change of phase, and the log line that goes with it. */
  private void tell(
      VdiSession session, VdiSession.Status before, VdiSession.Status status, Instant now) {
    Phase phase = status.currentPhase().orElseThrow();
    if (before.currentPhase().equals(Optional.of(phase))) {
      return;
    }
    boolean failed = phase == Phase.FAILED;
    String reason =
        failed
            ? status.condition(Condition.READY).map(Condition::reason).orElse(phase.text())
            : phase.text();
    String message = status.message().isEmpty() ? wording(phase, status) : status.message();
    events.record(session, failed, reason, message);
    LOG.info(
        "{} -> {}{}",
        before.currentPhase().map(Phase::text).orElse("new"),
        phase.text(),
        status.message().isEmpty() ? "" : ": " + status.message());
    if (phase == Phase.RUNNING && before.startTime() == null) {
      caches
          .pods()
          .get(session.namespace(), session.name())
          .ifPresent(pod ->
              metrics.started(session, Duration.between(pod.metadata().creationTimestamp(), now)));
    }
  }

  private static String wording(Phase phase, VdiSession.Status status) {
    return switch (phase) {
      case PENDING -> "accepted; the desktop waits for its place";
      case CREATING -> "the desktop starts";
      case RUNNING ->
          status.url().isEmpty()
              ? "the desktop is ready"
              : "the desktop is ready at " + status.url();
      case SUSPENDED -> "suspended; the home is kept";
      case TERMINATING -> "the desktop is taken down";
      case FAILED -> "failed";
    };
  }

  private static boolean released(Plan plan) {
    return plan.stages().stream()
        .anyMatch(stage -> stage.stream().anyMatch(Action.RemoveFinalizer.class::isInstance));
  }

  private static Optional<SecretGenerator.TurnGrant> turnGrant(
      ObservedSession seen, ControllerConfig settings, Instant now) {
    return TurnCredentialLifetime.expires(seen, settings.plan(), now)
        .flatMap(expires ->
            settings.turnSecretFile().map(file -> new SecretGenerator.TurnGrant(file, expires)));
  }

  private static ReconcileResult then(Requeue next) {
    return new ReconcileResult.RequeueAfter(delay(next));
  }

  private static Duration delay(Requeue next) {
    return switch (next) {
      case Requeue.Settled() -> restTime();
      case Requeue.RecheckAfter(Duration delay, String why) ->
          delay.compareTo(REST) < 0 ? delay : restTime();
    };
  }

  private static ReconcileResult rest() {
    return new ReconcileResult.RequeueAfter(restTime());
  }

  /** Spread a little, so that sessions made together do not come back together for ever. */
  private static Duration restTime() {
    return REST.minusMillis(ThreadLocalRandom.current().nextLong(REST.toMillis() / 5));
  }
}
