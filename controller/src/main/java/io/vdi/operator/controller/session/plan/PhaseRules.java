package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Decides the phase of a session that is not being deleted; docs/specification.md, section 1. */
final class PhaseRules {
  static final String QUOTA_EXCEEDED = "QuotaExceeded";

  /** Added to a deadline, so that it has passed for certain at the next check. */
  private static final Duration TOLERANCE = Duration.ofSeconds(1);

  /** Reasons of containers that wait for the kubelet or for each other, as every start does. */
  private static final Set<String> IN_PROGRESS = Set.of("ContainerCreating", "PodInitializing");

  private final ObservedSession observed;
  private final VdiSession session;
  private final VdiSession.Status before;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final Instant now;

  PhaseRules(ObservedSession observed, Optional<Defaults.EffectiveSpec> spec, Instant now) {
    this.observed = observed;
    this.session = observed.session();
    this.before = session.status();
    this.spec = spec;
    this.now = now;
  }

  /**
   * @param blocked objects whose names are taken until the garbage collector deletes the old ones
   */
  PhaseDecision decide(List<DesiredObject> blocked) {
    if (session.spec().suspended()) {
      return observed.pod().isEmpty()
          ? new PhaseDecision(Phase.SUSPENDED, "Suspended", "")
          : new PhaseDecision(
              before.currentPhase().orElse(Phase.PENDING),
              "Suspending",
              observed
                  .lostNode()
                  .map(StatusMessage.CANNOT_SUSPEND::text)
                  .orElse(StatusMessage.SUSPENDING.text()),
              observed.lostNode().map(lost -> KnownCause.NODE_LOST));
    }
    if (observed.hasGivenUp()) {
      Optional<KnownCause> cause = KnownCause.ofTag(before.message());
      String text =
          cause.map(c -> before.message().replace(" " + c.tag(), "")).orElseGet(before::message);
      return new PhaseDecision(Phase.FAILED, Condition.STARTUP_TIMEOUT, text, cause);
    }
    Optional<String> lostNode = observed.lostNode();
    if (lostNode.isPresent()) {
      boolean stays = observed.pod().filter(pod -> !pod.metadata().isDeleting()).isPresent();
      return new PhaseDecision(
          stays ? Phase.CREATING : Phase.PENDING,
          "NodeNotReady",
          lostNode.get(),
          KnownCause.NODE_LOST);
    }
    if (!blocked.isEmpty()) {
      return new PhaseDecision(
          Phase.PENDING,
          "WaitingForRemoval",
          StatusMessage.WAITING_FOR_REMOVAL.text(
              blocked.stream().map(DesiredObject::toString).collect(Collectors.joining(", "))));
    }
    if (observed.pod().isEmpty() && observed.missingClaims().isPresent()) {
      return new PhaseDecision(
          Phase.FAILED,
          "ClaimsNotServed",
          observed.missingClaims().get(),
          KnownCause.DEVICES_UNAVAILABLE);
    }
    if (observed.pod().isEmpty() && observed.quotaWait().isPresent()) {
      return new PhaseDecision(
          Phase.PENDING,
          QUOTA_EXCEEDED,
          observed.quotaWait().get().message(),
          KnownCause.SESSION_QUOTA);
    }
    return observed.pod().map(this::byPod).orElseGet(this::withoutPod);
  }

  /**
   * When to check again: at the startup timeout, or when an ended pod can be created again.
   *
   * @param other another time at which to check
   */
  Requeue requeue(Optional<Instant> other) {
    Optional<Instant> retry =
        observed.history().ended().map(PodHistory.EndedPod::notBefore).filter(now::isBefore);
    Optional<Instant> deadline =
        observed
            .pod()
            .filter(pod -> !pod.isReady() && !observed.hasGivenUp())
            .flatMap(this::startupDeadline)
            .filter(now::isBefore)
            .map(at -> at.plus(TOLERANCE));
    return Stream.of(retry, deadline, other)
        .flatMap(Optional::stream)
        .min(Instant::compareTo)
        .<Requeue>map(at -> new Requeue.RecheckAfter(Duration.between(now, at)))
        .orElseGet(Requeue.Settled::new);
  }

  private PhaseDecision withoutPod() {
    return observed.history().ended().map(PhaseRules::ended).orElseGet(this::notScheduled);
  }

  private static PhaseDecision ended(PodHistory.EndedPod pod) {
    return new PhaseDecision(
        Phase.PENDING, pod.reason(), pod.message() + "; starting it again", pod.cause());
  }

  private PhaseDecision byPod(Pod pod) {
    if (pod.isFinished()) {
      return withoutPod();
    }
    if (!pod.isScheduled()) {
      return notScheduled();
    }
    if (pod.isReady()) {
      return credentialsChanged(pod)
          ? new PhaseDecision(
              Phase.RUNNING,
              Condition.CREDENTIALS_CHANGED,
              StatusMessage.CREDENTIALS_CHANGED.text(),
              KnownCause.PASSWORD_REFUSED)
          : new PhaseDecision(Phase.RUNNING, "DesktopReady", "");
    }
    return starting(pod);
  }

  /** The desktop reads its password once, when its container starts. */
  private boolean credentialsChanged(Pod pod) {
    return observed
        .child(ChildKind.SECRET)
        .map(secret -> secret.metadata().creationTimestamp())
        .filter(created -> created.isAfter(pod.metadata().creationTimestamp()))
        .isPresent();
  }

  private PhaseDecision starting(Pod pod) {
    Optional<Pod.Detail> waiting = waiting(pod);
    Optional<KnownCause> cause =
        homeNotWritable(pod).or(() -> waiting.flatMap(CauseClassifier::ofWaiting));
    Optional<Pod.Detail> pull =
        waiting.filter(detail -> cause.equals(Optional.of(KnownCause.IMAGE_NOT_PULLED)));
    Optional<Duration> exceeded =
        startupDeadline(pod)
            .filter(deadline -> !now.isBefore(deadline))
            .flatMap(deadline -> spec.map(Defaults.EffectiveSpec::startupTimeout));
    if (exceeded.isPresent()) {
      return new PhaseDecision(
          Phase.FAILED,
          Condition.STARTUP_TIMEOUT,
          pull.or(() -> waiting)
              .map(detail ->
                  StatusMessage.STARTUP_TIMEOUT_WAITING.text(
                      Durations.format(exceeded.get()), describe(detail)))
              .orElseGet(
                  () -> StatusMessage.STARTUP_TIMEOUT.text(Durations.format(exceeded.get()))),
          waiting.isPresent() ? cause : cause.or(() -> Optional.of(KnownCause.SELKIES_SILENT)));
    }
    return pull.map(detail ->
            new PhaseDecision(
                Phase.FAILED, detail.reason(), describe(detail), KnownCause.IMAGE_NOT_PULLED))
        .orElseGet(() ->
            new PhaseDecision(
                Phase.CREATING,
                "DesktopStarting",
                waiting
                    .filter(detail -> !detail.reason().equals("ContainerCreating"))
                    .map(PhaseRules::describe)
                    .orElse(""),
                cause));
  }

  /** What a container waits for: first one that waits because of an error. */
  private static Optional<Pod.Detail> waiting(Pod pod) {
    return pod.allContainerStatuses()
        .flatMap(status -> status.waiting().stream())
        .min(Comparator.comparing(detail -> IN_PROGRESS.contains(detail.reason())));
  }

  /** Whether the desktop ended because it could not write its home. */
  private Optional<KnownCause> homeNotWritable(Pod pod) {
    String home =
        observed
            .template()
            .map(template -> template.spec().homePath())
            .orElse(VdiTemplate.Spec.EMPTY.homePath());
    return pod.allContainerStatuses()
            .flatMap(Pod.ContainerStatus::ends)
            .anyMatch(detail -> CauseClassifier.cannotWrite(detail.message(), home).isPresent())
        ? Optional.of(KnownCause.HOME_NOT_WRITABLE)
        : Optional.empty();
  }

  /**
   * Counted from the scheduling of the pod, or from when a ready desktop stopped being ready, but
   * not while its node is not ready.
   */
  private Optional<Instant> startupDeadline(Pod pod) {
    Optional<Instant> notReadySince =
        Condition.find(pod.status().conditions(), "Ready").map(Condition::lastTransitionTime);
    return pod.scheduledAt()
        .flatMap(scheduled ->
            Stream.of(
                    Optional.of(scheduled),
                    notReadySince,
                    observed.node().flatMap(Node::readySince))
                .flatMap(Optional::stream)
                .max(Instant::compareTo))
        .flatMap(since -> spec.map(resolved -> since.plus(resolved.startupTimeout())));
  }

  private static String describe(Pod.Detail detail) {
    return detail.message().isEmpty() ? detail.reason() : detail.reason() + ": " + detail.message();
  }

  /**
   * The message of the scheduler. Only for a missing volume the controller has its own message,
   * from the beginning, so that the message of a session does not change twice while its volume is
   * provisioned.
   */
  private PhaseDecision notScheduled() {
    String message = observed.pod().flatMap(Pod::unschedulable).orElse("");
    boolean onlyVolume =
        message.isEmpty() || message.toLowerCase(Locale.ROOT).contains("persistentvolumeclaim");
    if (!onlyVolume) {
      return new PhaseDecision(
          Phase.PENDING, "PodPending", message, CauseClassifier.ofUnschedulable(message));
    }
    return new PhaseDecision(
        Phase.PENDING, "PodPending", isHomeReady() ? "" : StatusMessage.WAITING_FOR_HOME.text());
  }

  private boolean isHomeReady() {
    return spec.filter(resolved -> !resolved.persistent()).isPresent()
        || observed.home().filter(home -> home.isBound()).isPresent();
  }
}
