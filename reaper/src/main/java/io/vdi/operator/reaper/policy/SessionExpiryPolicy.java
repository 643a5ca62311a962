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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The judgement of one session at one moment. */
final class SessionExpiryPolicy {
  /** That nobody is at a desktop must have been seen no longer ago than this to count. */
  private static final Duration FRESH = Duration.ofSeconds(10);

  /**
   * One way in which the session comes to its end.
   *
   * @param lead how long before it the warning is due
   * @param certain false: not on what is known so far
   * @param why "its timeout of 8h is reached"
   * @param remedy what its user can do, or empty
   */
  private record Deadline(
      ReapReason reason, Instant at, Duration lead, boolean certain, String why, String remedy) {
    Instant warning() {
      return at.minus(lead);
    }
  }

  private final Candidate.Session seen;
  private final VdiSession session;
  private final VdiSession.Status status;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final RetentionConfig rules;
  private final Instant now;
  private final List<Deadline> dues = new ArrayList<>();
  private Optional<String> doubt = Optional.empty();

  SessionExpiryPolicy(Candidate.Session seen, RetentionConfig rules, Instant now) {
    this.seen = seen;
    this.session = seen.session();
    this.status = session.status();
    this.spec =
        seen.template().map(template -> Defaults.effectiveSpec(session.spec(), template.spec()));
    this.rules = rules;
    this.now = now;
  }

  Verdict judge() {
    if (session.metadata().isDeleting()) {
      return terminating();
    }
    // While it is suspended its time rests; what was known of its last run says nothing.
    if (ManagedObjects.isKept(session.metadata()) || session.spec().suspended()) {
      return Verdict.Keep.FOR_NOW;
    }
    status.startedAt().ifPresent(this::timeout);
    idle();
    neverStarted();
    failed();
    return verdict();
  }

  private Verdict verdict() {
    Comparator<Deadline> byTime = Comparator.comparing(Deadline::at);
    Optional<Deadline> over =
        dues.stream().filter(due -> due.certain() && !now.isBefore(due.at())).min(byTime);
    if (over.isPresent()) {
      return new Verdict.Expire(over.get().reason(), over.get().at(), over.get().why());
    }
    if (dues.isEmpty() && doubt.isPresent()) {
      return new Verdict.Unknown(doubt.get());
    }
    Optional<Instant> next =
        dues.stream()
            .flatMap(due -> Stream.of(due.warning(), due.at()))
            .filter(now::isBefore)
            .min(Comparator.naturalOrder());
    return dues.stream()
        .filter(due -> !now.isBefore(due.warning()) && now.isBefore(due.at()))
        .min(byTime)
        .<Verdict>map(
            due -> new Verdict.Warn(due.reason(), due.at(), warning(due), next.orElse(due.at())))
        .orElseGet(() -> new Verdict.Keep(next));
  }

  private static String warning(Deadline due) {
    return "ends at "
        + due.at().truncatedTo(ChronoUnit.SECONDS)
        + ", when "
        + due.why()
        + (due.remedy().isEmpty() ? "" : "; " + due.remedy());
  }

  private Verdict terminating() {
    if (!session.metadata().finalizers().contains(VdiSession.FINALIZER)) {
      return Verdict.Keep.FOR_NOW;
    }
    Instant since = session.metadata().deletionTimestamp();
    Instant limit = since.plus(rules.terminatingTimeout());
    return now.isBefore(limit)
        ? Verdict.Keep.until(limit)
        : new Verdict.Stuck(
            since,
            "deleted at "
                + since
                + " and still not let go of by the controller: see whether it runs");
  }

  /** Counted from status.startTime, which begins anew when a suspended session is resumed. */
  private void timeout(Instant start) {
    if (spec.isPresent() && !spec.get().problems().isEmpty()) {
      doubt = Optional.of(String.join("; ", spec.get().problems()));
      return;
    }
    Optional<Duration> own = Durations.parse(session.spec().timeout());
    if (spec.isPresent()) {
      Duration lifetime = spec.get().lifetime();
      boolean capped = lifetime.compareTo(spec.get().timeout()) < 0;
      timeout(
          start.plus(lifetime),
          capped
              ? "the " + Durations.format(lifetime) + " are over that its template allows at most"
              : "its timeout of " + Durations.format(lifetime) + " is over",
          capped ? "" : "raise spec.timeout to go on");
    } else if (own.isPresent()) {
      timeout(
          start.plus(own.get()),
          "its timeout of " + Durations.format(own.get()) + " is over",
          "raise spec.timeout to go on");
    } else if (status.expiresAt() != null) {
      timeout(status.expiresAt(), "its timeout is over", "set spec.timeout to go on");
    } else {
      doubt =
          Optional.of(
              "how long it may run is not known: it names no timeout, and template "
                  + session.spec().template()
                  + " is missing");
    }
  }

  private void timeout(Instant at, String why, String remedy) {
    dues.add(new Deadline(ReapReason.TIMEOUT, at, rules.warningBefore(), true, why, remedy));
  }

  private void idle() {
    Optional<Duration> limit = spec.flatMap(Defaults.EffectiveSpec::idleTimeout);
    if (limit.isPresent()
        && status.currentPhase().equals(Optional.of(Phase.RUNNING))
        && status.startedAt().isPresent()
        && spec.get().problems().isEmpty()
        && seen.activity() instanceof Activity.Idle(Instant since, Instant asOf)) {
      Instant from = since.isAfter(status.startTime()) ? since : status.startTime();
      Instant at = from.plus(limit.get());
      boolean certain = !asOf.isBefore(at) && !asOf.isBefore(now.minus(FRESH));
      dues.add(
          new Deadline(
              ReapReason.IDLE,
              at,
              lead(limit.get()),
              certain,
              "nobody has been connected for " + Durations.format(limit.get()),
              "connect to go on"));
    }
  }

  /** A desktop that was never ready, by the startup timeout of the controller. */
  private void neverStarted() {
    if (!rules.deleteNeverStarted() || status.startedAt().isPresent() || spec.isEmpty()) {
      return;
    }
    Duration limit = spec.get().startupTimeout();
    boolean gaveUp =
        status
            .condition(Condition.READY)
            .filter(ready -> ready.reason().equals(Condition.STARTUP_TIMEOUT))
            .isPresent();
    Optional<Instant> at =
        gaveUp
            ? failedSince()
            : seen.pod()
                .filter(pod -> pod.metadata().isControlledBy(session.uid()))
                .filter(pod -> !pod.isReady() && !pod.isFinished())
                .map(pod -> placedOrMade(pod).plus(limit));
    at.ifPresent(end ->
        dues.add(
            new Deadline(
                ReapReason.NEVER_STARTED,
                end,
                lead(limit),
                true,
                "it has not become ready within " + Durations.format(limit),
                "")));
  }

  private static Instant placedOrMade(Pod pod) {
    return pod.scheduledAt().orElse(pod.metadata().creationTimestamp());
  }

  private void failed() {
    Duration limit = rules.failedSessionTtl();
    if (!limit.isZero()) {
      failedSince()
          .ifPresent(since ->
              dues.add(
                  new Deadline(
                      ReapReason.FAILED,
                      since.plus(limit),
                      lead(limit),
                      true,
                      "it has been Failed for " + Durations.format(limit),
                      "mend what its status names")));
    }
  }

  /** By the controller's word; without it since we have seen it ourselves. */
  private Optional<Instant> failedSince() {
    return status.currentPhase().equals(Optional.of(Phase.FAILED))
        ? status
            .condition(Condition.FAILED)
            .filter(Condition::isTrue)
            .map(Condition::lastTransitionTime)
            .or(seen::failedSeen)
        : Optional.empty();
  }

  /** What takes less than twice as long as the warning's lead is warned of half-way. */
  private Duration lead(Duration whole) {
    Duration half = whole.dividedBy(2);
    return half.compareTo(rules.warningBefore()) < 0 ? half : rules.warningBefore();
  }
}
