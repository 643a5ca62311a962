package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Computes the status of a session; docs/specification.md, sections 1 and 3. */
public final class StatusCalculator {
  private static final String QUOTA_EXCEEDED = "QuotaExceeded";

  /** Added to a deadline, so that it has passed for certain at the next check. */
  private static final Duration TOLERANCE = Duration.ofSeconds(1);

  /** Causes whose messages docs/specification.md fixes: they are written without a tag. */
  private static final Set<KnownCause> UNTAGGED =
      EnumSet.of(KnownCause.TEMPLATE_MISSING, KnownCause.FOREIGN_OBJECT, KnownCause.SESSION_QUOTA);

  /**
   * Phase, with the reason (CamelCase) of the Ready condition.
   *
   * @param text the message without the tag of the cause
   * @param cause empty if docs/troubleshooting.md has no entry
   */
  private record PhaseDecision(
      Phase phase, String reason, String text, Optional<KnownCause> cause) {
    PhaseDecision(Phase phase, String reason, String text) {
      this(phase, reason, text, Optional.empty());
    }

    PhaseDecision(Phase phase, String reason, String text, KnownCause cause) {
      this(phase, reason, text, Optional.of(cause));
    }

    /** For status.message: the text and the tag of the cause, such as {@code [VDI302]}. */
    String message() {
      return cause
          .filter(known -> !UNTAGGED.contains(known))
          .map(known -> (text + " " + known.tag()).strip())
          .orElse(text);
    }

    /** For the conditions: the text, the tag and the remedy. */
    String advice() {
      return cause
          .map(known -> (text + " " + known.tag() + " ").stripLeading() + known.remedy())
          .orElse(text);
    }
  }

  private final ObservedSession observed;
  private final VdiSession session;
  private final VdiSession.Status before;
  private final SessionConfig config;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final Instant now;

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
  }

  VdiSession.Status terminating() {
    return status(new PhaseDecision(Phase.TERMINATING, "Terminating", ""), before.podName());
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
    PhaseDecision decision = decide(blocked);
    if (outdated && decision.phase() == Phase.RUNNING) {
      decision =
          new PhaseDecision(
              Phase.RUNNING,
              decision.reason(),
              "the desktop runs with an earlier spec; the change takes effect at the next resume");
    }
    String podName = session.spec().suspended() && observed.pod().isEmpty() ? "" : session.name();
    return status(decision, hasGivenUp(session) && observed.pod().isEmpty() ? "" : podName);
  }

  /**
   * The status after the API server refused a write of the plan permanently. A desktop that runs
   * stays Running; its message contains the refusal.
   */
  public static VdiSession.Status refused(
      ObservedSession observed,
      VdiSession.Status planned,
      ApiFailure.Permanent refusal,
      Instant now) {
    boolean running = planned.currentPhase().equals(Optional.of(Phase.RUNNING));
    PhaseDecision decision =
        new PhaseDecision(
            Phase.FAILED,
            camelCase(refusal.reason()),
            refusal.message(),
            CauseClassifier.ofRefusal(refusal.reason(), refusal.message()));
    List<Condition> conditions = new ArrayList<>(planned.conditions());
    if (!running) {
      conditions.removeIf(c -> Set.of(Condition.READY, Condition.FAILED).contains(c.type()));
      conditions.add(0, refusalCondition(Condition.FAILED, "True", observed, decision, now));
      conditions.add(1, refusalCondition(Condition.READY, "False", observed, decision, now));
    }
    return new VdiSession.Status(
        running ? Phase.RUNNING : Phase.FAILED,
        planned.podName(),
        planned.url(),
        planned.startTime(),
        planned.expiresAt(),
        planned.lastActivityTime(),
        decision.message(),
        planned.observedGeneration(),
        conditions);
  }

  private static Condition refusalCondition(
      String type, String status, ObservedSession observed, PhaseDecision decision, Instant now) {
    return Condition.of(
            type,
            status,
            decision.reason(),
            decision.advice(),
            observed.session().metadata().generation())
        .withTransitionFrom(
            observed.session().status().conditions(), now.truncatedTo(ChronoUnit.SECONDS));
  }

  /**
   * Whether the start of the session took too long and was given up. Its pod is deleted, so that it
   * holds no GPU. A change of the spec, such as suspend and resume, starts it again.
   */
  static boolean hasGivenUp(VdiSession session) {
    VdiSession.Status before = session.status();
    return before.currentPhase().equals(Optional.of(Phase.FAILED))
        && before.observedGeneration() == session.metadata().generation()
        && before
            .condition(Condition.READY)
            .filter(ready -> ready.reason().equals(Condition.STARTUP_TIMEOUT))
            .isPresent();
  }

  /** A pod that is starting is checked again when its startup timeout has passed. */
  Requeue requeue() {
    return observed
        .pod()
        .filter(pod -> !pod.isReady() && !hasGivenUp(session))
        .flatMap(this::startupDeadline)
        .filter(deadline -> deadline.isAfter(now))
        .<Requeue>map(
            deadline -> new Requeue.RecheckAfter(Duration.between(now, deadline).plus(TOLERANCE)))
        .orElseGet(Requeue.Settled::new);
  }

  private PhaseDecision decide(List<DesiredObject> blocked) {
    if (session.spec().suspended()) {
      return observed.pod().isEmpty()
          ? new PhaseDecision(Phase.SUSPENDED, "Suspended", "")
          : new PhaseDecision(
              before.currentPhase().orElse(Phase.PENDING),
              "Suspending",
              "suspending: the pod stops");
    }
    if (hasGivenUp(session)) {
      Optional<KnownCause> cause = KnownCause.ofTag(before.message());
      String text =
          cause.map(c -> before.message().replace(" " + c.tag(), "")).orElseGet(before::message);
      return new PhaseDecision(Phase.FAILED, Condition.STARTUP_TIMEOUT, text, cause);
    }
    if (!blocked.isEmpty()) {
      return new PhaseDecision(
          Phase.PENDING,
          "WaitingForRemoval",
          "waiting for the removal of "
              + blocked.stream().map(DesiredObject::toString).collect(Collectors.joining(", ")));
    }
    if (observed.pod().isEmpty() && observed.quotaWait().isPresent()) {
      return new PhaseDecision(
          Phase.PENDING, QUOTA_EXCEEDED, observed.quotaWait().get(), KnownCause.SESSION_QUOTA);
    }
    return observed.pod().map(this::byPod).orElseGet(this::notScheduled);
  }

  private PhaseDecision byPod(Pod pod) {
    if (pod.isFinished()) {
      String why = pod.status().message().isEmpty() ? terminationOf(pod) : pod.status().message();
      String reason = pod.status().reason().isEmpty() ? "PodFailed" : pod.status().reason();
      return new PhaseDecision(
          Phase.FAILED,
          camelCase(reason),
          "pod failed: " + (why.isEmpty() ? reason : why) + "; delete the pod to try again",
          CauseClassifier.ofFinished(pod));
    }
    if (!pod.isScheduled()) {
      return notScheduled();
    }
    if (pod.isReady()) {
      return new PhaseDecision(Phase.RUNNING, "DesktopReady", "");
    }
    Optional<Pod.Detail> waiting =
        pod.status().containerStatuses().stream()
            .flatMap(status -> Optional.ofNullable(status.state().waiting()).stream())
            .findFirst();
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
          "not ready within the startup timeout of "
              + Durations.format(exceeded.get())
              + pull.or(() -> waiting).map(detail -> " (" + describe(detail) + ")").orElse("")
              + "; suspend and resume the session to try again",
          waiting.isPresent() ? cause : cause.or(() -> Optional.of(KnownCause.SELKIES_SILENT)));
    }
    return pull.map(detail ->
            new PhaseDecision(
                Phase.FAILED,
                camelCase(detail.reason()),
                describe(detail),
                KnownCause.IMAGE_NOT_PULLED))
        .orElseGet(() ->
            new PhaseDecision(
                Phase.CREATING,
                "DesktopStarting",
                waiting
                    .filter(detail -> !detail.reason().equals("ContainerCreating"))
                    .map(StatusCalculator::describe)
                    .orElse(""),
                cause));
  }

  /** Whether the desktop ended because it could not write its home. */
  private Optional<KnownCause> homeNotWritable(Pod pod) {
    String home =
        observed
            .template()
            .map(template -> template.spec().homePath())
            .orElse(VdiTemplate.Spec.EMPTY.homePath());
    return pod.status().containerStatuses().stream()
            .flatMap(status -> Stream.of(status.state(), status.lastState()))
            .flatMap(state -> Optional.ofNullable(state.terminated()).stream())
            .anyMatch(detail -> CauseClassifier.cannotWrite(detail.message(), home).isPresent())
        ? Optional.of(KnownCause.HOME_NOT_WRITABLE)
        : Optional.empty();
  }

  /** Counted from the scheduling of the pod, or from when a ready desktop stopped being ready. */
  private Optional<Instant> startupDeadline(Pod pod) {
    Optional<Instant> notReadySince =
        Condition.find(pod.status().conditions(), "Ready").map(Condition::lastTransitionTime);
    return spec.flatMap(resolved ->
        pod.scheduledAt()
            .map(scheduled ->
                notReadySince.filter(since -> since.isAfter(scheduled)).orElse(scheduled))
            .map(since -> since.plus(resolved.startupTimeout())));
  }

  private static String describe(Pod.Detail detail) {
    return detail.message().isEmpty() ? detail.reason() : detail.reason() + ": " + detail.message();
  }

  private static String terminationOf(Pod pod) {
    return pod.status().containerStatuses().stream()
        .flatMap(status -> Optional.ofNullable(status.state().terminated()).stream())
        .findFirst()
        .map(detail -> describe(detail) + " (exit code " + detail.exitCode() + ")")
        .orElse("");
  }

  /**
   * The message of the scheduler. Only for a missing volume the controller has its own message,
   * from the beginning, so that the message of a session does not change twice while its volume is
   * provisioned.
   */
  private PhaseDecision notScheduled() {
    String message = observed.pod().map(StatusCalculator::unschedulable).orElse("");
    boolean onlyVolume =
        message.isEmpty() || message.toLowerCase(Locale.ROOT).contains("persistentvolumeclaim");
    if (!onlyVolume) {
      return new PhaseDecision(
          Phase.PENDING, "PodPending", message, CauseClassifier.ofUnschedulable(message));
    }
    return new PhaseDecision(
        Phase.PENDING,
        "PodPending",
        storageReady().isTrue() ? "" : "waiting for the volume of the home");
  }

  private static String unschedulable(Pod pod) {
    return Condition.find(pod.status().conditions(), "PodScheduled")
        .filter(condition -> !condition.isTrue())
        .map(Condition::message)
        .orElse("");
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
        decision.message(),
        session.metadata().generation(),
        conditions(decision));
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

  private List<Condition> conditions(PhaseDecision decision) {
    boolean ready = decision.phase() == Phase.RUNNING;
    List<Condition> conditions = new ArrayList<>();
    if (observed.quotaWait().isPresent()) {
      conditions.add(
          condition(Condition.QUOTA_ADMITTED, false, QUOTA_EXCEEDED, observed.quotaWait().get()));
    } else if (before.condition(Condition.QUOTA_ADMITTED).isPresent()) {
      // QuotaAdmitted=True is reported only for sessions that had to wait.
      conditions.add(condition(Condition.QUOTA_ADMITTED, true, "Admitted", ""));
    }
    if (decision.phase() == Phase.FAILED) {
      conditions.add(condition(Condition.FAILED, true, decision.reason(), decision.advice()));
    } else if (before.condition(Condition.FAILED).isPresent()) {
      conditions.add(condition(Condition.FAILED, false, decision.reason(), ""));
    }
    conditions.addAll(
        List.of(
            condition(Condition.READY, ready, decision.reason(), decision.advice()),
            observed.template().isPresent()
                ? condition(Condition.TEMPLATE_RESOLVED, true, "Found", "")
                : condition(
                    Condition.TEMPLATE_RESOLVED,
                    false,
                    "TemplateNotFound",
                    "Template not found: " + session.spec().template()),
            podScheduled(),
            storageReady(),
            routeReady()));
    return List.copyOf(conditions);
  }

  private Condition podScheduled() {
    String type = Condition.POD_SCHEDULED;
    if (observed.pod().isEmpty()) {
      return condition(type, false, session.spec().suspended() ? "Suspended" : "NoPod", "");
    }
    Pod pod = observed.pod().get();
    return pod.isScheduled()
        ? condition(type, true, "Scheduled", "")
        : condition(
            type,
            false,
            Condition.find(pod.status().conditions(), "PodScheduled")
                .map(Condition::reason)
                .filter(reason -> !reason.isEmpty())
                .map(StatusCalculator::camelCase)
                .orElse("Scheduling"),
            unschedulable(pod));
  }

  private Condition storageReady() {
    String type = Condition.STORAGE_READY;
    if (spec.filter(s -> !s.persistent()).isPresent()) {
      return condition(type, true, "NotPersistent", "");
    }
    return observed
        .home()
        .map(claim ->
            claim.isBound()
                ? condition(type, true, "Bound", "")
                : condition(type, false, "NotBound", notBound(claim)))
        .orElseGet(() -> condition(type, false, "NotBound", ""));
  }

  private static String notBound(PersistentVolumeClaim claim) {
    return claim.status().phase().equals("Lost")
        ? "the volume of the home is lost"
        : "waiting for a volume"
            + (claim.spec().storageClassName().isEmpty()
                ? ""
                : " of storage class " + claim.spec().storageClassName());
  }

  private Condition routeReady() {
    String type = Condition.ROUTE_READY;
    if (config.ingress().kind() == SessionConfig.IngressKind.NONE) {
      return condition(type, true, "NotWanted", "");
    }
    if (!observed.routeTypeServed()) {
      return condition(
          type,
          false,
          "KindNotServed",
          "the cluster has no "
              + config.routeType().qualifiedName()
              + ": install Traefik's CRDs, or set ingress.kind to ingress or none "
              + KnownCause.ROUTE_KIND_NOT_SERVED.tag());
    }
    // The status is written after the plan, which creates the route.
    return condition(type, true, "Created", "");
  }

  private Condition condition(String type, boolean holds, String reason, String message) {
    return Condition.of(
            type, holds ? "True" : "False", reason, message, session.metadata().generation())
        .withTransitionFrom(before.conditions(), now);
  }

  /** The reason of a condition must be one word; the reasons of Kubernetes can be any text. */
  private static String camelCase(String reason) {
    String word = reason.replaceAll("[^A-Za-z0-9_]", "");
    return word.isEmpty() || !Character.isLetter(word.charAt(0)) ? "Failed" : word;
  }
}
