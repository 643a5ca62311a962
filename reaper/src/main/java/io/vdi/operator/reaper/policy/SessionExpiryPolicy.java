package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The decision on one session at one moment: its deadlines, and what follows from them. */
final class SessionExpiryPolicy {
  /** An idle observation that is older than this does not end a session. */
  private static final Duration MAX_OBSERVATION_AGE = Duration.ofSeconds(10);

  /**
   * One reason for which the session ends, and when.
   *
   * @param lead how long before the deadline the warning is due
   * @param certain false if what is known so far is not enough to end the session
   * @param message "its timeout of 8h is reached"
   * @param remedy what the user can do, or empty
   */
  private record Deadline(
      ReapReason reason,
      Instant at,
      Duration lead,
      boolean certain,
      String message,
      String remedy) {
    Instant warning() {
      return at.minus(lead);
    }
  }

  private final SessionState state;
  private final SessionHistory history;
  private final VdiSession session;
  private final VdiSession.Status status;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final RetentionConfig config;
  private final Instant now;

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
  }

  SessionVerdict decide() {
    if (session.metadata().isDeleting()) {
      return terminating();
    }
    // A suspended session has no end. Its status is still that of the previous run.
    if (ManagedObjects.isKept(session.metadata()) || session.spec().suspended()) {
      return SessionVerdict.Keep.UNTIL_CHANGED;
    }
    List<Deadline> deadlines =
        Stream.of(timeout(), idle(), neverStarted(), failed()).flatMap(Optional::stream).toList();
    return deadlines.isEmpty() && status.startedAt().isPresent()
        ? new SessionVerdict.Unknown(whyTimeoutIsUnknown())
        : verdict(deadlines);
  }

  private SessionVerdict verdict(List<Deadline> deadlines) {
    Comparator<Deadline> byTime = Comparator.comparing(Deadline::at);
    Optional<Deadline> passed =
        deadlines.stream()
            .filter(deadline -> deadline.certain() && !now.isBefore(deadline.at()))
            .min(byTime);
    if (passed.isPresent()) {
      return new SessionVerdict.Expire(
          passed.get().reason(), passed.get().at(), passed.get().message());
    }
    Optional<Instant> next =
        deadlines.stream()
            .flatMap(deadline -> Stream.of(deadline.warning(), deadline.at()))
            .filter(now::isBefore)
            .min(Comparator.naturalOrder());
    return deadlines.stream()
        .filter(deadline -> !now.isBefore(deadline.warning()) && now.isBefore(deadline.at()))
        .min(byTime)
        .<SessionVerdict>map(deadline ->
            new SessionVerdict.Warn(
                deadline.reason(), deadline.at(), warning(deadline), next.orElse(deadline.at())))
        .orElseGet(() -> new SessionVerdict.Keep(next));
  }

  private static String warning(Deadline deadline) {
    return "ends at "
        + deadline.at().truncatedTo(ChronoUnit.SECONDS)
        + ", when "
        + deadline.message()
        + (deadline.remedy().isEmpty() ? "" : "; " + deadline.remedy());
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
                + " runs");
  }

  /** Counts from {@code status.startTime}, which is set again when a session is resumed. */
  private Optional<Deadline> timeout() {
    if (status.startedAt().isEmpty()
        || spec.filter(effective -> !effective.problems().isEmpty()).isPresent()) {
      return Optional.empty();
    }
    Instant start = status.startTime();
    if (spec.isPresent()) {
      Duration lifetime = spec.get().lifetime();
      boolean capped = lifetime.compareTo(spec.get().timeout()) < 0;
      return Optional.of(
          timeout(
              start.plus(lifetime),
              capped
                  ? "the maximum timeout of its template, "
                      + Durations.format(lifetime)
                      + ", is reached"
                  : timeoutReached(lifetime),
              capped ? "" : "raise spec.timeout to continue"));
    }
    return Durations.parse(session.spec().timeout())
        .map(own -> timeout(start.plus(own), timeoutReached(own), "raise spec.timeout to continue"))
        .or(() ->
            Optional.ofNullable(status.expiresAt())
                .map(at -> timeout(at, "its timeout is reached", "set spec.timeout to continue")));
  }

  private Deadline timeout(Instant at, String message, String remedy) {
    return new Deadline(ReapReason.TIMEOUT, at, config.warningBefore(), true, message, remedy);
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

  private Optional<Deadline> idle() {
    Optional<Duration> limit = spec.flatMap(Defaults.EffectiveSpec::idleTimeout);
    if (limit.isPresent()
        && status.currentPhase().equals(Optional.of(Phase.RUNNING))
        && status.startedAt().isPresent()
        && spec.get().problems().isEmpty()
        && history.activity() instanceof Activity.Idle(Instant since, Instant asOf)) {
      Instant from = since.isAfter(status.startTime()) ? since : status.startTime();
      Instant at = from.plus(limit.get());
      boolean certain = !asOf.isBefore(at) && !asOf.isBefore(now.minus(MAX_OBSERVATION_AGE));
      return Optional.of(
          new Deadline(
              ReapReason.IDLE,
              at,
              lead(limit.get()),
              certain,
              "no client has been connected for " + Durations.format(limit.get()),
              "connect to continue"));
    }
    return Optional.empty();
  }

  /** For a desktop that was never ready; uses the same startup timeout as the controller. */
  private Optional<Deadline> neverStarted() {
    if (!config.deleteNeverStarted() || status.startedAt().isPresent() || spec.isEmpty()) {
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
        new Deadline(
            ReapReason.NEVER_STARTED,
            end,
            lead(limit),
            true,
            "it has not become ready within " + Durations.format(limit),
            ""));
  }

  private static Instant scheduledOrCreated(Pod pod) {
    return pod.scheduledAt().orElse(pod.metadata().creationTimestamp());
  }

  private Optional<Deadline> failed() {
    Duration limit = config.failedSessionTtl();
    return failedSince()
        .filter(since -> !limit.isZero())
        .map(since ->
            new Deadline(
                ReapReason.FAILED,
                since.plus(limit),
                lead(limit),
                true,
                "it has been Failed for " + Durations.format(limit),
                "fix the cause that its status names"));
  }

  /** The time in the condition that the controller wrote; else when the reaper observed it. */
  private Optional<Instant> failedSince() {
    return status.currentPhase().equals(Optional.of(Phase.FAILED))
        ? status
            .condition(Condition.FAILED)
            .filter(Condition::isTrue)
            .map(Condition::lastTransitionTime)
            .or(history::failedSince)
        : Optional.empty();
  }

  /** Half of the whole time, but at most {@code warningBefore}. */
  private Duration lead(Duration whole) {
    Duration half = whole.dividedBy(2);
    return half.compareTo(config.warningBefore()) < 0 ? half : config.warningBefore();
  }
}
