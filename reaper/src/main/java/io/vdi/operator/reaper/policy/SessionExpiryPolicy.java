package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.ExpiryWarning;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Schedule;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The decision on one session at one moment: its deadlines, and what follows from them. */
final class SessionExpiryPolicy {
  /** An idle observation that is older than this does not end a session. */
  private static final Duration MAX_OBSERVATION_AGE = Duration.ofSeconds(10);

  /**
   * A deadline that moves by less does not need another warning, such as from the end of the
   * startup timeout to the time at which the controller noticed it.
   */
  private static final Duration MOVE_TOLERANCE = Duration.ofMinutes(1);

  private static final Comparator<Candidate> BY_END =
      Comparator.comparing(candidate -> candidate.announcedEnd().orElse(candidate.deadline().at()));

  /**
   * A deadline and what the observations say about it.
   *
   * @param certain false if what is known so far is not enough to end the session
   * @param announcedEnd when the session ends according to the warning that is out; empty if there
   *     is none, or if the deadline has moved to a later time
   */
  private record Candidate(Deadline deadline, boolean certain, Optional<Instant> announcedEnd) {
    /** Whether the session ends now. Only a session whose user was warned in time ends. */
    boolean endsAt(Instant now) {
      return certain && announcedEnd.filter(end -> !now.isBefore(end)).isPresent();
    }

    boolean endsBy(Deadline.Action action) {
      return deadline.action() == action;
    }

    boolean isPassedAt(Instant now) {
      return certain && !now.isBefore(deadline.at());
    }

    /** A deadline that has passed and is not certain may not apply, so there is no warning. */
    boolean needsWarningAt(Instant now) {
      return announcedEnd.isEmpty()
          && !now.isBefore(deadline.warningDue())
          && (certain || now.isBefore(deadline.at()));
    }

    /** The moments at which the decision on this deadline can change. */
    Stream<Instant> turningPoints() {
      return announcedEnd
          .map(Stream::of)
          .orElseGet(() -> Stream.of(deadline.warningDue(), deadline.at()));
    }
  }

  private final SessionState state;
  private final SessionHistory history;
  private final VdiSession session;
  private final VdiSession.Status status;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final RetentionConfig config;
  private final Instant now;

  /** Empty: the session has no schedule, or the schedule does not apply to it. */
  private final Optional<Schedule.Calendar> calendar;

  SessionExpiryPolicy(
      SessionState state, SessionHistory history, RetentionConfig config, Instant now) {
    this.state = state;
    this.history = history;
    this.session = state.session();
    this.status = session.status();
    this.spec =
        state.template().map(template -> Defaults.effectiveSpec(session.spec(), template.spec()));
    this.config = config;
    this.now = now;
    this.calendar =
        spec.filter(effective -> effective.problems().isEmpty())
            .map(Defaults.EffectiveSpec::schedule)
            .filter(schedule -> !schedule.isEmpty() && !ManagedObjects.isKept(session.metadata()))
            .map(schedule ->
                schedule.calendar(start -> config.schedule().lead(session.uid(), start)));
  }

  SessionDecision decide() {
    if (session.metadata().isDeleting()) {
      return new SessionDecision(terminating(), false, Set.of(), false);
    }
    List<Candidate> candidates = deadlines().flatMap(Optional::stream).toList();
    boolean deletionDue =
        candidates.stream()
            .anyMatch(
                candidate -> candidate.endsBy(Deadline.Action.DELETE) && candidate.isPassedAt(now));
    return new SessionDecision(
        verdict(candidates),
        deletionDue,
        candidates.stream()
            .filter(candidate -> candidate.announcedEnd().isPresent())
            .map(candidate -> candidate.deadline().reason())
            .collect(Collectors.toSet()),
        !deletionDue && session.metadata().annotation(Annotations.ENDED_BY).isPresent());
  }

  /** The status of a suspended session may still be that of the previous run. */
  private Stream<Optional<Candidate>> deadlines() {
    if (ManagedObjects.isKept(session.metadata())) {
      return session.spec().suspended() ? Stream.of() : Stream.of(maximum());
    }
    return session.spec().suspended()
        ? Stream.of(suspended())
        : Stream.of(timeout(), idle(), neverStarted(), failed(), scheduledStop());
  }

  private SessionVerdict verdict(List<Candidate> candidates) {
    if (candidates.isEmpty()
        && status.startedAt().isPresent()
        && !session.spec().suspended()
        && !ManagedObjects.isKept(session.metadata())) {
      return new SessionVerdict.Unknown(whyTimeoutIsUnknown());
    }
    // A suspension comes last: one that is refused must block no deletion and no warning of it.
    return end(candidates, Deadline.Action.DELETE)
        .or(this::scheduledStart)
        .or(() -> warn(candidates))
        .or(() -> end(candidates, Deadline.Action.SUSPEND))
        .orElseGet(() -> stay(candidates));
  }

  private Optional<SessionVerdict> end(List<Candidate> candidates, Deadline.Action action) {
    return candidates.stream()
        .filter(candidate -> candidate.endsBy(action) && candidate.endsAt(now))
        .min(BY_END)
        .map(candidate -> {
          Deadline deadline = candidate.deadline();
          Instant due = candidate.announcedEnd().orElse(deadline.at());
          return switch (action) {
            case DELETE -> new SessionVerdict.Expire(deadline.reason(), due, deadline.message());
            case SUSPEND -> new SessionVerdict.Suspend(deadline.reason(), due, deadline.message());
          };
        });
  }

  private Optional<SessionVerdict> warn(List<Candidate> candidates) {
    return candidates.stream()
        .filter(candidate -> candidate.needsWarningAt(now))
        .map(Candidate::deadline)
        .min(Comparator.comparing(Deadline::at))
        .map(deadline ->
            new SessionVerdict.Warn(deadline, warning(deadline, deadline.endIfWarnedAt(now))));
  }

  private SessionVerdict stay(List<Candidate> candidates) {
    Optional<Instant> next =
        Stream.concat(
                candidates.stream().flatMap(Candidate::turningPoints),
                calendar.flatMap(known -> known.next(now)).map(Schedule.Boundary::at).stream())
            .filter(now::isBefore)
            .min(Comparator.naturalOrder());
    return candidates.stream()
        .filter(candidate -> candidate.announcedEnd().filter(now::isBefore).isPresent())
        .min(BY_END)
        .<SessionVerdict>map(candidate -> {
          Deadline deadline = candidate.deadline();
          Instant end = candidate.announcedEnd().orElse(deadline.at());
          return new SessionVerdict.Ending(deadline, end, warning(deadline, end), next.orElse(end));
        })
        .orElseGet(() -> new SessionVerdict.Keep(next));
  }

  private static String warning(Deadline deadline, Instant end) {
    String verb =
        switch (deadline.action()) {
          case DELETE -> "ends at ";
          case SUSPEND -> "is suspended at ";
        };
    return verb
        + end.truncatedTo(ChronoUnit.SECONDS)
        + (end.isAfter(deadline.at()) ? ", because " : ", when ")
        + deadline.message()
        + (deadline.remedy().isEmpty() ? "" : "; " + deadline.remedy());
  }

  private Candidate candidate(
      ReapReason reason, Instant at, Duration whole, String message, String remedy) {
    return candidate(reason, Deadline.Action.DELETE, at, whole, true, message, remedy);
  }

  /**
   * @param whole the time that ends at the deadline
   */
  private Candidate candidate(
      ReapReason reason,
      Deadline.Action action,
      Instant at,
      Duration whole,
      boolean certain,
      String message,
      String remedy) {
    Deadline deadline =
        new Deadline(
            reason,
            action,
            at,
            ExpiryWarning.lead(config.warningBefore(), whole),
            revision(),
            message,
            remedy);
    return new Candidate(deadline, certain, announcedEnd(deadline));
  }

  /** A warning announces an end; it says nothing about a deadline that is later than that. */
  private Optional<Instant> announcedEnd(Deadline deadline) {
    Duration tolerance =
        deadline.lead().compareTo(MOVE_TOLERANCE) < 0 ? deadline.lead() : MOVE_TOLERANCE;
    return Optional.ofNullable(history.announcedEnds().get(deadline.reason()))
        .filter(end -> !deadline.at().isAfter(end.plus(tolerance)))
        .map(end -> end.isAfter(deadline.at()) ? end : deadline.at());
  }

  private String revision() {
    return session.metadata().generation()
        + "/"
        + state.template().map(template -> template.metadata().generation()).orElse(0L);
  }

  private SessionVerdict terminating() {
    if (!session.metadata().finalizers().contains(VdiSession.FINALIZER)) {
      return SessionVerdict.Keep.UNTIL_CHANGED;
    }
    Instant since = session.metadata().deletionTimestamp();
    Instant limit = since.plus(config.terminatingTimeout());
    return now.isBefore(limit)
        ? SessionVerdict.Keep.until(limit)
        : new SessionVerdict.Stuck(
            since,
            "deleted at "
                + since
                + ", and the controller has not removed its finalizer: check that the controller"
                + " runs",
            keepsHome());
  }

  /** While the reclaim policy is unknown, the home stays. */
  private boolean keepsHome() {
    return HomeFate.of(session, state.template()) != HomeFate.DELETE;
  }

  /** Counts from {@code status.startTime}, which is set again when a session is resumed. */
  private Optional<Candidate> timeout() {
    if (status.startedAt().isEmpty()
        || spec.filter(effective -> !effective.problems().isEmpty()).isPresent()) {
      return Optional.empty();
    }
    Instant start = status.startTime();
    if (spec.isPresent()) {
      Duration lifetime = spec.get().lifetime();
      return lifetime.compareTo(spec.get().timeout()) < 0
          ? maximum()
          : Optional.of(
              timeout(
                  start.plus(lifetime),
                  timeoutReached(lifetime),
                  "raise spec.timeout to continue"));
    }
    return Durations.parse(session.spec().timeout())
        .map(own -> timeout(start.plus(own), timeoutReached(own), "raise spec.timeout to continue"))
        .or(() ->
            Optional.ofNullable(status.expiresAt())
                .map(at -> timeout(at, "its timeout is reached", "set spec.timeout to continue")));
  }

  /** The limit of the template, which no annotation of a session lifts. */
  private Optional<Candidate> maximum() {
    return status
        .startedAt()
        .flatMap(start ->
            spec.filter(effective -> effective.problems().isEmpty())
                .flatMap(Defaults.EffectiveSpec::maxTimeout)
                .map(max ->
                    timeout(
                        start.plus(max),
                        "the maximum timeout of its template, "
                            + Durations.format(max)
                            + ", is reached",
                        "")));
  }

  private Candidate timeout(Instant at, String message, String remedy) {
    return candidate(
        ReapReason.TIMEOUT, at, Duration.between(status.startTime(), at), message, remedy);
  }

  private static String timeoutReached(Duration timeout) {
    return "its timeout of " + Durations.format(timeout) + " is reached";
  }

  private String whyTimeoutIsUnknown() {
    return spec.map(effective -> String.join("; ", effective.problems()))
        .orElseGet(() ->
            "its end is unknown: spec.timeout is not set, and template "
                + session.spec().template()
                + " is missing");
  }

  private Optional<Candidate> idle() {
    Optional<Duration> limit = spec.flatMap(Defaults.EffectiveSpec::idleTimeout);
    if (limit.isPresent()
        && status.is(Phase.RUNNING)
        && status.startedAt().isPresent()
        && spec.get().problems().isEmpty()
        && history.activity() instanceof Activity.Idle(Instant since, Instant asOf)) {
      Instant from = since.isAfter(status.startTime()) ? since : status.startTime();
      Instant at = from.plus(limit.get());
      boolean certain = !asOf.isBefore(at) && !asOf.isBefore(now.minus(MAX_OBSERVATION_AGE));
      return Optional.of(
          candidate(
              ReapReason.IDLE,
              switch (spec.get().idleAction()) {
                case SUSPEND -> Deadline.Action.SUSPEND;
                case DELETE -> Deadline.Action.DELETE;
              },
              at,
              limit.get(),
              certain,
              "%s%s for %s"
                  .formatted(
                      switch (idleOn()) {
                        case DISCONNECT -> "no client has been connected";
                        case NO_INPUT -> "there has been no input";
                      },
                      isLoadMeasured() ? " and it has not been busy" : "",
                      Durations.format(limit.get())),
              switch (idleOn()) {
                case DISCONNECT -> "connect to continue";
                case NO_INPUT -> "move the pointer or press a key to continue";
              }));
    }
    return Optional.empty();
  }

  /**
   * A desktop that its user has started after a stop stays up until the next one. A stop that was
   * carried out is not repeated while the status is still the one before it.
   */
  private Optional<Candidate> scheduledStop() {
    return calendar.flatMap(known ->
        status
            .awakeSince()
            .flatMap(since ->
                known
                    .stop(since, Optional.ofNullable(session.spec().awakeUntil()), now)
                    .filter(this::isNotApplied)
                    .map(at ->
                        candidate(
                            ReapReason.SCHEDULE,
                            Deadline.Action.SUSPEND,
                            at,
                            Duration.between(since, at),
                            true,
                            "its schedule stops it",
                            "extend it to continue"))));
  }

  /** A session that its user has suspended after a start stays asleep until the next one. */
  private Optional<SessionVerdict> scheduledStart() {
    return calendar
        .filter(known -> session.spec().suspended())
        .flatMap(known -> known.last(now))
        .filter(boundary ->
            boundary.kind() == Schedule.Kind.START
                && now.isBefore(boundary.at().plus(config.schedule().startingDeadline()))
                && isNotApplied(boundary.at())
                && suspendedSince().filter(since -> since.isBefore(boundary.at())).isPresent())
        .map(boundary -> new SessionVerdict.Resume(boundary.at(), "its schedule starts it"));
  }

  private boolean isNotApplied(Instant boundary) {
    return session
        .metadata()
        .time(Annotations.SCHEDULE_APPLIED)
        .filter(applied -> !boundary.isAfter(applied))
        .isEmpty();
  }

  private IdleOn idleOn() {
    return state.template().map(template -> template.spec().idleOn()).orElse(IdleOn.DISCONNECT);
  }

  private boolean isLoadMeasured() {
    return state.template().filter(template -> !template.spec().busy().isEmpty()).isPresent();
  }

  /** For a desktop that was never ready; uses the same startup timeout as the controller. */
  private Optional<Candidate> neverStarted() {
    if (!config.deleteNeverStarted() || hasRun() || spec.isEmpty()) {
      return Optional.empty();
    }
    Duration limit = spec.get().startupTimeout();
    boolean startupTimedOut =
        status
            .condition(Condition.READY)
            .filter(ready -> ready.reason().equals(Condition.STARTUP_TIMEOUT))
            .isPresent();
    Optional<Instant> at =
        startupTimedOut
            ? failedSince()
            : state
                .pod()
                .filter(pod -> pod.metadata().isControlledBy(session.uid()))
                .filter(pod -> !pod.isReady() && !pod.isFinished())
                .map(pod -> scheduledOrCreated(pod).plus(limit));
    return at.map(end ->
        candidate(
            ReapReason.NEVER_STARTED,
            end,
            limit,
            "it has not become ready within " + Durations.format(limit),
            ""));
  }

  private static Instant scheduledOrCreated(Pod pod) {
    return pod.scheduledAt().orElse(pod.metadata().creationTimestamp());
  }

  /** Only a session that never ran: any other one may have data and a user who needs it. */
  private Optional<Candidate> failed() {
    Duration limit = config.failedSessionTtl();
    return failedSince()
        .filter(since -> !limit.isZero() && !hasRun())
        .map(since ->
            candidate(
                ReapReason.FAILED,
                since.plus(limit),
                limit,
                "it has been Failed for " + Durations.format(limit),
                "fix the cause that its status names"));
  }

  /** Whether the desktop has been ready at any time, also before a suspension. */
  private boolean hasRun() {
    return status.startedAt().isPresent() || status.condition(Condition.INITIALIZED).isPresent();
  }

  /**
   * The time in the condition that the controller wrote, which stays True while the controller
   * tries again and the phase is another one; else when the reaper observed the phase.
   */
  private Optional<Instant> failedSince() {
    return status
        .condition(Condition.FAILED)
        .filter(Condition::isTrue)
        .map(Condition::lastTransitionTime)
        .or(() -> status.is(Phase.FAILED) ? history.failedSince() : Optional.empty());
  }

  /** Empty until the controller has observed the suspension and deleted the pod. */
  private Optional<Instant> suspendedSince() {
    return status
        .condition(Condition.SUSPENDED)
        .filter(Condition::isTrue)
        .map(Condition::lastTransitionTime);
  }

  private Optional<Candidate> suspended() {
    return suspendedSince()
        .flatMap(since ->
            spec.flatMap(Defaults.EffectiveSpec::deleteAfterSuspended)
                .map(limit ->
                    candidate(
                        ReapReason.SUSPENDED,
                        since.plus(limit),
                        limit,
                        "it has been suspended for " + Durations.format(limit),
                        "set spec.suspended to false to continue")));
  }
}
