package io.vdi.operator.controller;

import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.Failure;
import io.vdi.operator.common.loop.ControlLoop.Outcome;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.apply.Applier;
import io.vdi.operator.controller.apply.Secrets;
import io.vdi.operator.controller.objects.Blueprints;
import io.vdi.operator.controller.plan.Action;
import io.vdi.operator.controller.plan.Next;
import io.vdi.operator.controller.plan.Plan;
import io.vdi.operator.controller.plan.SessionObserved;
import io.vdi.operator.controller.plan.SessionPlanner;
import io.vdi.operator.controller.plan.StatusRules;
import io.vdi.operator.controller.plan.TurnLife;
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
final class SessionReconciler {
  private static final Logger LOG = LoggerFactory.getLogger(SessionReconciler.class);

  /** How often a session at rest is looked at, spec.md section 3. */
  private static final Duration REST = Duration.ofSeconds(30);

  private final Caches caches;
  private final SessionGatherer gatherer;
  private final Blueprints blueprints;
  private final Applier applier;
  private final QuotaGate quota;
  private final Newcomers newcomers;
  private final StatusPace pace;
  private final DriftSchedule drift;
  private final EventRecorder events;
  private final ControllerMetrics metrics;
  private final Supplier<ControllerConfig> config;
  private final InstantSource clock;
  private final AtomicLong passes = new AtomicLong();

  SessionReconciler(
      Caches caches,
      SessionGatherer gatherer,
      Blueprints blueprints,
      Applier applier,
      QuotaGate quota,
      Newcomers newcomers,
      StatusPace pace,
      DriftSchedule drift,
      EventRecorder events,
      ControllerMetrics metrics,
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

  Outcome reconcile(SessionKey key) {
    MDC.put("session", key.toString());
    MDC.put("reconcile", Long.toString(passes.incrementAndGet(), 36));
    long start = System.nanoTime();
    newcomers.begun(key);
    try {
      Optional<VdiSession> session = caches.sessions().get(key.namespace(), key.name());
      if (session.isEmpty()) {
        return new Outcome.Done();
      }
      return pass(session.get());
    } finally {
      metrics.reconciled(Duration.ofNanos(System.nanoTime() - start));
      MDC.clear();
    }
  }

  private Outcome pass(VdiSession session) {
    Instant now = clock.instant();
    ControllerConfig settings = config.get();
    boolean mendDrift = drift.isDue(session.uid(), now);
    SessionObserved seen = gatherer.gather(session, mendDrift);
    Plan plan = SessionPlanner.plan(seen, settings.plan(), blueprints::of, now);
    if (plan.startsPod()) {
      Optional<String> wait = quota.ask(session, seen.template());
      if (wait.isPresent()) {
        seen = seen.waitingForQuota(wait.get());
        plan = SessionPlanner.plan(seen, settings.plan(), blueprints::of, now);
      }
    } else {
      quota.leave(session.uid());
    }
    LOG.debug("plan: {}", plan.stages());
    Applier.Outcome outcome = applier.apply(session, plan.stages(), turnGrant(seen, settings, now));
    return switch (outcome) {
      case Applier.Outcome.Done() -> {
        if (mendDrift) {
          drift.done(session.uid(), now);
        }
        if (released(plan)) {
          metrics.ended(session, now);
          yield new Outcome.Done();
        }
        yield plan.status().isPresent()
            ? finish(session, plan.status().get(), plan.next(), now)
            : rest();
      }
      case Applier.Outcome.NotDone(Failure.Transient(String reason, String message)) -> {
        metrics.error(reason);
        yield new Outcome.Retry(message);
      }
      case Applier.Outcome.NotDone(Failure.Permanent why) -> {
        metrics.error(why.reason());
        quota.release(session.uid());
        yield plan.status().isPresent()
            ? finish(
                session,
                StatusRules.refused(seen, plan.status().get(), why, now),
                new Next.Settled(),
                now)
            : new Outcome.Retry(why.message());
      }
    };
  }

  private Outcome finish(VdiSession session, VdiSession.Status status, Next next, Instant now) {
    VdiSession.Status before = session.status();
    if (status.equals(before)) {
      return then(next);
    }
    Optional<Duration> wait =
        pace.wait(session.uid(), before, status, now, newcomers.patience(now));
    if (wait.isPresent()) {
      // A start that is too slow fails in time, whatever has to be said meanwhile.
      return new Outcome.Again(Collections.min(List.of(wait.get(), delay(next))));
    }
    Optional<Failure> failure = applier.writeStatus(session, status);
    if (failure.isPresent()) {
      metrics.error(failure.get().reason());
      return new Outcome.Retry("status: " + failure.get().message());
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

  private static Optional<Secrets.TurnGrant> turnGrant(
      SessionObserved seen, ControllerConfig settings, Instant now) {
    return TurnLife.expires(seen, settings.plan(), now)
        .flatMap(
            expires -> settings.turnSecretFile().map(file -> new Secrets.TurnGrant(file, expires)));
  }

  private static Outcome then(Next next) {
    return new Outcome.Again(delay(next));
  }

  private static Duration delay(Next next) {
    return switch (next) {
      case Next.Settled() -> restTime();
      case Next.RecheckAfter(Duration delay, String why) ->
          delay.compareTo(REST) < 0 ? delay : restTime();
    };
  }

  private static Outcome rest() {
    return new Outcome.Again(restTime());
  }

  /** Spread a little, so that sessions made together do not come back together for ever. */
  private static Duration restTime() {
    return REST.minusMillis(ThreadLocalRandom.current().nextLong(REST.toMillis() / 5));
  }
}
