package io.vdi.operator.controller.session;

import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.FailureStatus;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.Requeue;
import io.vdi.operator.controller.session.plan.Step;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports the result of a pass: writes the status if it changed and the throttle permits it, with
 * the Event, the log line and the metrics of a change of phase; then decides when the session is
 * checked again.
 */
public final class StatusWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);

  /** How often a session at rest is checked; docs/specification.md, section 3, Period. */
  private static final Duration PERIOD = Duration.ofSeconds(30);

  private final PlanExecutor executor;
  private final SessionMemory memory;
  private final BurstDetector bursts;
  private final EventRecorder events;
  private final SessionMetrics metrics;

  public StatusWriter(
      PlanExecutor executor,
      SessionMemory memory,
      BurstDetector bursts,
      EventRecorder events,
      SessionMetrics metrics) {
    this.executor = executor;
    this.memory = memory;
    this.bursts = bursts;
    this.events = events;
    this.metrics = metrics;
  }

  /** After the plan was executed. */
  ReconcileResult succeeded(ObservedSession observed, Plan plan, Instant now) {
    if (plan.removesFinalizer()) {
      metrics.ended(observed.session(), now);
      return new ReconcileResult.Done();
    }
    podEvents(observed, plan.steps());
    return plan.status()
        .map(status -> write(observed, status, plan.requeue(), now))
        .orElseGet(() -> new ReconcileResult.RequeueAfter(delay(plan.requeue())));
  }

  /** Stops are executed whatever else fails. */
  private void podEvents(ObservedSession observed, List<Step> executed) {
    for (Step step : executed) {
      if (step.action() instanceof Action.ReplacePod(ObjectMeta _, String reason)) {
        podEvent(observed, "PodReplaced", reason);
      } else if (step.action() instanceof Action.MovePod(ObjectMeta _, String reason)) {
        podEvent(observed, "PodReplaced", reason);
        metrics.drain("moved");
      } else if (step.action() instanceof Action.AnnounceDrain) {
        metrics.drain("announced");
      } else if (step.action() instanceof Action.ForceDeletePod(ObjectMeta _, String reason)) {
        podEvent(observed, "PodForceDeleted", reason);
      }
    }
  }

  private void podEvent(ObservedSession observed, String event, String reason) {
    events.record(observed.session(), true, event, reason);
    LOG.info("{}: {}", event, reason);
  }

  /** After some writes of the plan failed; docs/specification.md, section 3, Failed writes. */
  ReconcileResult failed(
      ObservedSession observed,
      SessionConfig config,
      Plan plan,
      List<FailedStep> failures,
      Instant now) {
    podEvents(
        observed,
        plan.steps().stream()
            .filter(step -> failures.stream().noneMatch(failed -> failed.step().equals(step)))
            .toList());
    failures.forEach(failed -> metrics.error(failed.failure().reason()));
    FailureAge age = memory.of(observed.session()).failures();
    Optional<VdiSession.Status> reported =
        plan.status()
            .filter(status -> age.isReported(failures, now))
            .map(status -> FailureStatus.of(observed, config, status, failures, now));
    if (reported.isEmpty()) {
      return new ReconcileResult.Retry(failures.getFirst().failure().message());
    }
    ReconcileResult written = write(observed, reported.get(), plan.requeue(), now);
    boolean retried =
        failures.stream().anyMatch(failed -> failed.failure() instanceof ApiFailure.Transient);
    return retried && written instanceof ReconcileResult.RequeueAfter(Duration wait)
        ? new ReconcileResult.RequeueAfter(shorter(wait, age.retryDelay(now)))
        : written;
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private ReconcileResult write(
      ObservedSession observed, VdiSession.Status status, Requeue requeue, Instant now) {
    VdiSession session = observed.session();
    Duration recheck = delay(requeue);
    if (status.equals(session.status())) {
      return new ReconcileResult.RequeueAfter(recheck);
    }
    StatusWriteThrottle throttle = memory.of(session).statusWrites();
    Optional<Duration> wait =
        throttle.delay(session.status(), status, now, bursts.statusDelay(now));
    if (wait.isPresent()) {
      // The earlier of the two: a delayed status must not delay the check of the startup timeout.
      return new ReconcileResult.RequeueAfter(shorter(wait.get(), recheck));
    }
    Optional<ApiFailure> failure = executor.writeStatus(session, status);
    if (failure.isPresent()) {
      metrics.error(failure.get().reason());
      return new ReconcileResult.Retry("status: " + failure.get().message());
    }
    throttle.wrote(now);
    status
        .currentPhase()
        .filter(phase -> !session.status().currentPhase().equals(Optional.of(phase)))
        .ifPresent(phase -> announce(observed, phase, status, now));
    drainEvent(observed, status);
    return new ReconcileResult.RequeueAfter(recheck);
  }

  /**
   * The Event of a drain that begins, changes or is cancelled; docs/specification.md, section 3.
   */
  private void drainEvent(ObservedSession observed, VdiSession.Status status) {
    VdiSession session = observed.session();
    Optional<Condition> before = drain(session.status());
    Optional<Condition> after = drain(status);
    if (after.isPresent()) {
      String message = after.get().message();
      boolean isNew = !before.map(Condition::message).equals(Optional.of(message));
      if (before.isEmpty() || (isNew && !isMoving(after.get()))) {
        events.record(session, true, "NodeDraining", message);
        LOG.info("NodeDraining: {}", message);
      }
    } else if (before.isPresent()
        && !isMoving(before.get())
        && hasKeptPod(observed, before.get().lastTransitionTime())) {
      metrics.drain("cancelled");
      events.record(
          session,
          false,
          "NodeDrainCancelled",
          "the node is not drained any more; the desktop stays");
      LOG.info("NodeDrainCancelled");
    }
  }

  private static Optional<Condition> drain(VdiSession.Status status) {
    return status.condition(Condition.NODE_DRAINING).filter(Condition::isTrue);
  }

  private static boolean isMoving(Condition drain) {
    return drain.reason().equals(Condition.MOVING);
  }

  /** Whether the pod is the one that ran when the drain began. */
  private static boolean hasKeptPod(ObservedSession observed, Instant since) {
    return !observed.session().spec().suspended()
        && observed
            .pod()
            .map(Pod::metadata)
            .filter(pod -> !pod.isDeleting() && !pod.creationTimestamp().isAfter(since))
            .isPresent();
  }

  /** Event, log line and metric of a change of phase; docs/specification.md, section 3, Events. */
  private void announce(
      ObservedSession observed, Phase phase, VdiSession.Status status, Instant now) {
    VdiSession session = observed.session();
    boolean failed = phase == Phase.FAILED;
    String reason =
        failed
            ? status.condition(Condition.READY).map(Condition::reason).orElse(phase.text())
            : phase.text();
    events.record(
        session,
        failed,
        reason,
        status.message().isEmpty() ? defaultMessage(phase, status) : status.message());
    LOG.info(
        "{} -> {}{}",
        session.status().currentPhase().map(Phase::text).orElse("new"),
        phase.text(),
        status.message().isEmpty() ? "" : ": " + status.message());
    if (phase == Phase.RUNNING && session.status().startedAt().isEmpty()) {
      observed
          .pod()
          .ifPresent(pod ->
              metrics.started(session, Duration.between(pod.metadata().creationTimestamp(), now)));
    }
  }

  private static String defaultMessage(Phase phase, VdiSession.Status status) {
    return switch (phase) {
      case PENDING -> "accepted; the pod is not scheduled yet";
      case CREATING -> "the desktop is starting";
      case RUNNING ->
          status.url().isEmpty()
              ? "the desktop is ready"
              : "the desktop is ready at " + status.url();
      case SUSPENDED -> "suspended; the home is kept";
      case TERMINATING -> "the pod and the route are being deleted";
      case FAILED -> "failed";
    };
  }

  private static Duration delay(Requeue requeue) {
    return switch (requeue) {
      case Requeue.Settled() -> period();
      case Requeue.RecheckAfter(Duration delay) -> delay.compareTo(PERIOD) < 0 ? delay : period();
    };
  }

  /** Shorter by a random part, so that sessions created together are not checked together. */
  private static Duration period() {
    return PERIOD.minusMillis(ThreadLocalRandom.current().nextLong(PERIOD.toMillis() / 5));
  }
}
