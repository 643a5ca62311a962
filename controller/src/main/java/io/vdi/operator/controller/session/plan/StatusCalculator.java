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
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
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
import java.util.stream.Stream;

/** The status of a session from what is observed, spec.md sections 1 and 3. */
public final class StatusCalculator {
  private static final String QUOTA_EXCEEDED = "QuotaExceeded";
  private static final Duration ALWAYS = Duration.ofSeconds(1);

  /** The sentences that spec.md fixes to the letter. */
  private static final Set<KnownCause> WORDED_BY_CONTRACT =
      EnumSet.of(KnownCause.TEMPLATE_MISSING, KnownCause.FOREIGN_OBJECT, KnownCause.SESSION_QUOTA);

  /**
   * Phase, with the reason (CamelCase) of the Ready condition.
   *
   * @param words the cluster's or our own
   * @param cause by the catalogue; null where there is none
   */
  private record PhaseDecision(Phase phase, String reason, String words, KnownCause cause) {
    PhaseDecision(Phase phase, String reason, String words) {
      this(phase, reason, words, null);
    }

    /** For status.message: the words, and the code by which more is to be found. */
    String message() {
      return cause == null || WORDED_BY_CONTRACT.contains(cause)
          ? words
          : (words + " " + cause.tag()).strip();
    }

    /** For the conditions: the same, and what to do. */
    String advice() {
      return cause == null
          ? words
          : (words + " " + cause.tag() + " ").stripLeading() + cause.remedy();
    }
  }

  private final ObservedSession observed;
  private final VdiSession session;
  private final VdiSession.Status before;
  private final SessionConfig settings;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final Instant now;

  /**
   * @param spec empty where there is no template to complete it with
   */
  StatusCalculator(
      ObservedSession seen,
      SessionConfig settings,
      Optional<Defaults.EffectiveSpec> spec,
      Instant now) {
    this.observed = seen;
    this.session = seen.session();
    this.before = session.status();
    this.settings = settings;
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
   * The status by the pod.
   *
   * @param waitingFor objects that must go before the desktop can be made
   * @param outdated whether the pod was made from an earlier spec
   */
  VdiSession.Status observed(List<String> waitingFor, boolean outdated) {
    PhaseDecision verdict = verdict(waitingFor);
    if (outdated && verdict.phase() == Phase.RUNNING) {
      verdict =
          new PhaseDecision(
              Phase.RUNNING,
              verdict.reason(),
              "the desktop runs with an earlier spec; the change takes effect at the next resume");
    }
    String podName = session.spec().suspended() && observed.pod().isEmpty() ? "" : session.name();
    return status(verdict, hasGivenUp() && observed.pod().isEmpty() ? "" : podName);
  }

  /**
   * The status after the API server said no for good to one of the plan's writes. A desktop that
   * runs goes on running, and says what could not be done.
   */
  public static VdiSession.Status refused(
      ObservedSession seen, VdiSession.Status planned, ApiFailure.Permanent why, Instant now) {
    boolean running = planned.currentPhase().equals(Optional.of(Phase.RUNNING));
    PhaseDecision verdict =
        new PhaseDecision(
            Phase.FAILED,
            camelCase(why.reason()),
            why.message(),
            CauseClassifier.ofRefusal(why.reason(), why.message()).orElse(null));
    List<Condition> conditions = new ArrayList<>(planned.conditions());
    if (!running) {
      conditions.removeIf(c -> Set.of(Condition.READY, Condition.FAILED).contains(c.type()));
      conditions.add(0, refusal(Condition.FAILED, "True", seen, verdict, now));
      conditions.add(1, refusal(Condition.READY, "False", seen, verdict, now));
    }
    return new VdiSession.Status(
        running ? Phase.RUNNING : Phase.FAILED,
        planned.podName(),
        planned.url(),
        planned.startTime(),
        planned.expiresAt(),
        planned.lastActivityTime(),
        verdict.message(),
        planned.observedGeneration(),
        conditions);
  }

  private static Condition refusal(
      String type, String status, ObservedSession seen, PhaseDecision verdict, Instant now) {
    return Condition.of(
            type,
            status,
            verdict.reason(),
            verdict.advice(),
            seen.session().metadata().generation())
        .withTransitionFrom(
            seen.session().status().conditions(), now.truncatedTo(ChronoUnit.SECONDS));
  }

  /**
   * Whether this session's start took too long and it was left at that. Its pod goes, so that it
   * holds no GPU; a change of its spec, such as suspend and resume, is a new try.
   */
  boolean hasGivenUp() {
    return before.currentPhase().equals(Optional.of(Phase.FAILED))
        && before.observedGeneration() == session.metadata().generation()
        && before
            .condition(Condition.READY)
            .filter(ready -> ready.reason().equals(Condition.STARTUP_TIMEOUT))
            .isPresent();
  }

  /** A pod that starts is looked at again in the moment when it has taken too long. */
  Requeue next() {
    return observed
        .pod()
        .filter(pod -> !pod.isReady() && !hasGivenUp())
        .flatMap(this::startupDeadline)
        .filter(deadline -> deadline.isAfter(now))
        .<Requeue>map(deadline ->
            new Requeue.RecheckAfter(
                Duration.between(now, deadline).plus(ALWAYS), "startup timeout"))
        .orElseGet(Requeue.Settled::new);
  }

  private PhaseDecision verdict(List<String> waitingFor) {
    if (session.spec().suspended()) {
      return observed.pod().isEmpty()
          ? new PhaseDecision(Phase.SUSPENDED, "Suspended", "")
          : new PhaseDecision(
              before.currentPhase().orElse(Phase.PENDING),
              "Suspending",
              "suspending: the pod stops");
    }
    if (hasGivenUp()) {
      Optional<KnownCause> cause = KnownCause.ofTag(before.message());
      String words =
          cause.map(c -> before.message().replace(" " + c.tag(), "")).orElseGet(before::message);
      return new PhaseDecision(Phase.FAILED, Condition.STARTUP_TIMEOUT, words, cause.orElse(null));
    }
    if (!waitingFor.isEmpty()) {
      return new PhaseDecision(
          Phase.PENDING,
          "WaitingForRemoval",
          "waiting for the removal of " + String.join(", ", waitingFor));
    }
    if (observed.pod().isEmpty() && observed.quotaWait().isPresent()) {
      return new PhaseDecision(
          Phase.PENDING, QUOTA_EXCEEDED, observed.quotaWait().get(), KnownCause.SESSION_QUOTA);
    }
    return observed.pod().map(this::byPod).orElseGet(this::notPlaced);
  }

  private PhaseDecision byPod(Pod pod) {
    if (pod.isFinished()) {
      String why = pod.status().message().isEmpty() ? lastWords(pod) : pod.status().message();
      String reason = pod.status().reason().isEmpty() ? "PodFailed" : pod.status().reason();
      return new PhaseDecision(
          Phase.FAILED,
          camelCase(reason),
          "pod failed: " + (why.isEmpty() ? reason : why) + "; delete the pod to try again",
          CauseClassifier.ofFinished(pod));
    }
    if (!pod.isScheduled()) {
      return notPlaced();
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
    boolean late = startupDeadline(pod).filter(deadline -> !now.isBefore(deadline)).isPresent();
    if (late) {
      String limit = Durations.format(spec.orElseThrow().startupTimeout());
      return new PhaseDecision(
          Phase.FAILED,
          Condition.STARTUP_TIMEOUT,
          "not ready within the startup timeout of "
              + limit
              + pull.or(() -> waiting).map(detail -> " (" + words(detail) + ")").orElse("")
              + "; suspend and resume the session to try again",
          cause.orElse(waiting.isPresent() ? null : KnownCause.SELKIES_SILENT));
    }
    return pull.map(detail ->
            new PhaseDecision(
                Phase.FAILED, camelCase(detail.reason()), words(detail), cause.orElseThrow()))
        .orElseGet(() ->
            new PhaseDecision(
                Phase.CREATING,
                "DesktopStarting",
                waiting
                    .filter(detail -> !detail.reason().equals("ContainerCreating"))
                    .map(StatusCalculator::words)
                    .orElse(""),
                cause.orElse(null)));
  }

  /** A desktop that ended with these last words. */
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

  /**
   * Counted from when the pod was placed, or from when a desktop that was ready stopped being so.
   */
  private Optional<Instant> startupDeadline(Pod pod) {
    Optional<Instant> notReadySince =
        Condition.find(pod.status().conditions(), "Ready").map(Condition::lastTransitionTime);
    return spec.flatMap(complete ->
        pod.scheduledAt()
            .map(placed -> notReadySince.filter(since -> since.isAfter(placed)).orElse(placed))
            .map(since -> since.plus(complete.startupTimeout())));
  }

  private static String words(Pod.Detail detail) {
    return detail.message().isEmpty() ? detail.reason() : detail.reason() + ": " + detail.message();
  }

  private static String lastWords(Pod pod) {
    return pod.status().containerStatuses().stream()
        .flatMap(status -> Optional.ofNullable(status.state().terminated()).stream())
        .findFirst()
        .map(detail -> words(detail) + " (exit code " + detail.exitCode() + ")")
        .orElse("");
  }

  /**
   * The scheduler's words; but that the volume is not there yet is said by us, from the beginning,
   * so that the message of every session does not change twice while its volume is made.
   */
  private PhaseDecision notPlaced() {
    String words = observed.pod().map(StatusCalculator::unschedulable).orElse("");
    boolean onlyVolume =
        words.isEmpty() || words.toLowerCase(Locale.ROOT).contains("persistentvolumeclaim");
    if (!onlyVolume) {
      return new PhaseDecision(
          Phase.PENDING, "PodPending", words, CauseClassifier.ofUnschedulable(words));
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

  private VdiSession.Status status(PhaseDecision verdict, String podName) {
    Instant start = startTime(verdict.phase());
    return new VdiSession.Status(
        verdict.phase(),
        podName,
        url(),
        start,
        start == null ? null : spec.map(s -> start.plus(s.lifetime())).orElse(before.expiresAt()),
        before.lastActivityTime(),
        verdict.message(),
        session.metadata().generation(),
        conditions(verdict));
  }

  /** Null while the session has not been ready since it was made or resumed. */
  private Instant startTime(Phase phase) {
    return switch (phase) {
      case SUSPENDED -> null;
      case RUNNING -> before.startedAt().orElse(now);
      case PENDING, CREATING, FAILED, TERMINATING -> before.startTime();
    };
  }

  private String url() {
    return settings.ingress().kind() == SessionConfig.IngressKind.NONE
        ? ""
        : "https://" + observed.host() + "." + settings.domain();
  }

  private List<Condition> conditions(PhaseDecision verdict) {
    boolean ready = verdict.phase() == Phase.RUNNING;
    List<Condition> conditions = new ArrayList<>();
    if (observed.quotaWait().isPresent()) {
      conditions.add(
          condition(Condition.QUOTA_ADMITTED, false, QUOTA_EXCEEDED, observed.quotaWait().get()));
    } else if (before.condition(Condition.QUOTA_ADMITTED).isPresent()) {
      // Only who has waited is told that it is over.
      conditions.add(condition(Condition.QUOTA_ADMITTED, true, "Admitted", ""));
    }
    if (verdict.phase() == Phase.FAILED) {
      conditions.add(condition(Condition.FAILED, true, verdict.reason(), verdict.advice()));
    } else if (before.condition(Condition.FAILED).isPresent()) {
      conditions.add(condition(Condition.FAILED, false, verdict.reason(), ""));
    }
    conditions.addAll(
        List.of(
            condition(Condition.READY, ready, verdict.reason(), verdict.advice()),
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
    SessionConfig.IngressKind kind = settings.ingress().kind();
    if (kind == SessionConfig.IngressKind.NONE) {
      return condition(type, true, "NotWanted", "");
    }
    if (!observed.routeKindServed()) {
      ResourceType<?> missing =
          kind == SessionConfig.IngressKind.TRAEFIK
              ? ResourceType.INGRESS_ROUTE
              : ResourceType.INGRESS;
      return condition(
          type,
          false,
          "KindNotServed",
          "the cluster has no "
              + missing.qualifiedName()
              + ": install Traefik's CRDs, or set ingress.kind to ingress or none "
              + KnownCause.ROUTE_KIND_NOT_SERVED.tag());
    }
    // The route of this very plan counts: its write comes before the status.
    return condition(type, true, "Created", "");
  }

  private Condition condition(String type, boolean holds, String reason, String message) {
    return Condition.of(
            type, holds ? "True" : "False", reason, message, session.metadata().generation())
        .withTransitionFrom(before.conditions(), now);
  }

  /** A condition's reason must be a word; others' reasons may be anything. */
  private static String camelCase(String reason) {
    String word = reason.replaceAll("[^A-Za-z0-9_]", "");
    return word.isEmpty() || !Character.isLetter(word.charAt(0)) ? "Failed" : word;
  }
}
