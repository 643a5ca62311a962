package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Computes the status of a session; docs/specification.md, sections 1 and 3. {@link PhaseRules}
 * decides the phase, {@link SessionConditions} the conditions, and {@link FailureStatus} what
 * failed writes change.
 */
public final class StatusCalculator {
  private final ObservedSession observed;
  private final VdiSession session;
  private final VdiSession.Status before;
  private final SessionConfig config;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final Instant now;
  private final PhaseRules phases;

  /**
   * @param spec empty if the template does not exist or does not matter
   */
  StatusCalculator(
      ObservedSession observed,
      SessionConfig config,
      Optional<Defaults.EffectiveSpec> spec,
      Instant now) {
    this.observed = observed;
    this.session = observed.session();
    this.before = session.status();
    this.config = config;
    this.spec = spec;
    this.now = now.truncatedTo(ChronoUnit.SECONDS);
    this.phases = new PhaseRules(observed, spec, this.now);
  }

  VdiSession.Status terminating() {
    return status(
        observed
            .lostNode()
            .map(lost ->
                new PhaseDecision(Phase.TERMINATING, "Terminating", lost, KnownCause.NODE_LOST))
            .orElseGet(() -> new PhaseDecision(Phase.TERMINATING, "Terminating", "")),
        before.podName());
  }

  VdiSession.Status failed(String reason, String message, KnownCause cause) {
    return status(new PhaseDecision(Phase.FAILED, reason, message, cause), before.podName());
  }

  /**
   * The status that follows from the observed pod.
   *
   * @param blocked objects whose names are taken until the garbage collector deletes the old ones
   * @param outdated whether the pod was created from an earlier spec
   */
  VdiSession.Status observed(List<DesiredObject> blocked, boolean outdated) {
    PhaseDecision decision = phases.decide(blocked);
    Optional<String> leaves = leavesNode(decision);
    if (leaves.isPresent()) {
      decision =
          new PhaseDecision(
              decision.phase(), decision.reason(), leaves.get(), KnownCause.NODE_DRAINING);
    } else if (outdated && decision.phase() == Phase.RUNNING && decision.text().isEmpty()) {
      decision = decision.withText(StatusMessage.EARLIER_SPEC.text());
    }
    boolean stopped = session.spec().suspended() || observed.hasGivenUp();
    return status(decision, stopped && observed.pod().isEmpty() ? "" : session.name());
  }

  /** The announcement, for a desktop that runs and has no other message. */
  private Optional<String> leavesNode(PhaseDecision decision) {
    return decision.phase() == Phase.RUNNING
            && decision.text().isEmpty()
            && drain() instanceof DrainDecision.Countdown countdown
        ? NodeDrain.condition(countdown, session).map(NodeDrain.PhaseText::text)
        : Optional.empty();
  }

  private DrainDecision drain() {
    return NodeDrain.decide(observed, spec, now);
  }

  Requeue requeue() {
    return phases.requeue(
        drain() instanceof DrainDecision.Countdown countdown
            ? Optional.of(countdown.deadline())
            : Optional.empty());
  }

  /**
   * The number of replaced pods, including the one that is missing now. The pod that replaces it
   * has this number as an annotation, so that no crash makes the status lose count.
   */
  int restarts() {
    Optional<Integer> recorded =
        observed
            .pod()
            .flatMap(pod -> pod.metadata().annotation(Annotations.RESTARTS))
            .filter(text -> text.matches("\\d{1,9}"))
            .map(Integer::valueOf);
    boolean hadPod =
        before.startedAt().isPresent()
            || observed.history().ended().isPresent()
            || before.condition(Condition.POD_SCHEDULED).filter(Condition::isTrue).isPresent();
    return observed.pod().isPresent()
        ? Math.max(before.restarts(), recorded.orElse(0))
        : before.restarts() + (hadPod ? 1 : 0);
  }

  private VdiSession.Status status(PhaseDecision decision, String podName) {
    Optional<Instant> start = startTime(decision.phase());
    Optional<Instant> end =
        start.flatMap(started ->
            spec.map(resolved -> started.plus(resolved.lifetime()))
                .or(() -> Optional.ofNullable(before.expiresAt())));
    return new VdiSession.Status(
        decision.phase(),
        podName,
        url(),
        start.orElse(null),
        end.orElse(null),
        before.lastActivityTime(),
        observed.pod().isPresent() ? restarts() : before.restarts(),
        decision.message(),
        session.metadata().generation(),
        new SessionConditions(observed, config, spec, now).of(decision));
  }

  /** Empty while the session has not been ready since it was created or resumed. */
  private Optional<Instant> startTime(Phase phase) {
    return switch (phase) {
      case SUSPENDED -> Optional.empty();
      case RUNNING -> Optional.of(before.startedAt().orElse(now));
      case PENDING, CREATING, FAILED, TERMINATING -> before.startedAt();
    };
  }

  private String url() {
    return config.ingress().kind() == SessionConfig.IngressKind.NONE
        ? ""
        : "https://" + observed.host() + "." + config.domain();
  }
}
