package io.vdi.operator.common.notice;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.ExpiryWarning;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionExtension;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.notice.Notice.Kind;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Pure: the notices that are due for one session at one moment; docs/specification.md, section 5.
 * Another process derives the same notices with the same ids from the same objects.
 */
public final class Notices {
  private static final int ID_LENGTH = 32;

  private final VdiSession session;
  private final VdiSession.Status status;
  private final Optional<Defaults.EffectiveSpec> spec;
  private final Observed observed;
  private final Settings settings;
  private final Instant now;

  /**
   * When notices are due.
   *
   * @param warningBefore how long before an end the user is told; half of the whole time if that is
   *     not longer, as for the Event {@code SessionExpiring}
   * @param validFor how long after its time a notice is still worth telling
   */
  public record Settings(Duration warningBefore, Duration validFor) {}

  /**
   * What is known about a session beside its own object.
   *
   * @param template empty if the cluster has no template of that name
   * @param pod the pod with the session's name; empty if there is none
   * @param idleSince since when nobody has used the desktop; empty if somebody does, or if that is
   *     not known
   */
  public record Observed(
      Optional<VdiTemplate> template, Optional<Pod> pod, Optional<Instant> idleSince) {}

  private Notices(VdiSession session, Observed observed, Settings settings, Instant now) {
    this.session = session;
    this.status = session.status();
    this.observed = observed;
    this.settings = settings;
    this.now = now;
    this.spec =
        observed
            .template()
            .map(template -> Defaults.effectiveSpec(session.spec(), template.spec()))
            .filter(effective -> effective.problems().isEmpty());
  }

  /**
   * The notices that are due now.
   *
   * @param now by the clock of the API server
   */
  public static List<Notice> due(
      VdiSession session, Observed observed, Settings settings, Instant now) {
    Notices notices = new Notices(session, observed, settings, now);
    return notices.all().flatMap(Optional::stream).toList();
  }

  /**
   * What its user is told about a session that does not exist any more.
   *
   * @param last the session as it was observed last
   */
  public static Optional<Notice> ofDeleted(VdiSession last, Settings settings, Instant now) {
    Observed nothing = new Observed(Optional.empty(), Optional.empty(), Optional.empty());
    return new Notices(last, nothing, settings, now).expired();
  }

  private Stream<Optional<Notice>> all() {
    if (session.metadata().isDeleting()) {
      return Stream.of(expired());
    }
    return session.spec().suspended()
        ? Stream.of(suspended(), suspendedTooLong())
        : Stream.of(timeout(), idle(), scheduledStop(), draining(), quotaFreed());
  }

  /** A session that its user deletes has no notice. */
  private Optional<Notice> expired() {
    Instant at = session.metadata().isDeleting() ? session.metadata().deletionTimestamp() : now;
    return annotation(Annotations.ENDED_BY).flatMap(reason -> past(Kind.EXPIRED, reason, at));
  }

  /** A session that its user suspends has no notice. */
  private Optional<Notice> suspended() {
    return annotation(Annotations.SUSPENDED_BY)
        .flatMap(reason ->
            time(Annotations.SUSPENDED_AT).flatMap(at -> past(Kind.SUSPENDED, reason, at)));
  }

  private Optional<Notice> suspendedTooLong() {
    return status
        .condition(Condition.SUSPENDED)
        .filter(condition -> condition.isTrue() && !isKept())
        .flatMap(condition ->
            spec.flatMap(Defaults.EffectiveSpec::deleteAfterSuspended)
                .flatMap(limit ->
                    soon(
                        Kind.EXPIRES_SOON,
                        "suspended",
                        condition.lastTransitionTime().plus(limit),
                        limit)));
  }

  private Optional<Notice> timeout() {
    return status
        .startedAt()
        .flatMap(start ->
            end(start)
                .flatMap(
                    at -> soon(Kind.EXPIRES_SOON, "timeout", at, Duration.between(start, at))));
  }

  private Optional<Instant> end(Instant start) {
    if (observed.template().isPresent()) {
      return spec.flatMap(
              effective -> isKept() ? effective.maxTimeout() : Optional.of(effective.lifetime()))
          .map(start::plus);
    }
    return Durations.parse(session.spec().timeout())
        .map(start::plus)
        .or(() -> Optional.ofNullable(status.expiresAt()))
        .filter(_ -> !isKept());
  }

  private Optional<Notice> idle() {
    return spec.filter(_ -> !isKept() && status.is(Phase.RUNNING)).flatMap(this::idle);
  }

  private Optional<Notice> idle(Defaults.EffectiveSpec effective) {
    return effective
        .idleTimeout()
        .flatMap(limit ->
            status
                .startedAt()
                .flatMap(start ->
                    observed
                        .idleSince()
                        .map(since -> (since.isAfter(start) ? since : start).plus(limit)))
                .flatMap(at -> soon(kind(effective.idleAction()), "idle", at, limit)));
  }

  private static Kind kind(IdleAction action) {
    return switch (action) {
      case SUSPEND -> Kind.SLEEPS_SOON;
      case DELETE -> Kind.EXPIRES_SOON;
    };
  }

  private Optional<Notice> scheduledStop() {
    return spec.filter(effective -> !effective.schedule().isEmpty() && !isKept())
        .flatMap(effective -> SessionExtension.stop(session, effective, now))
        .filter(at ->
            time(Annotations.SCHEDULE_APPLIED).filter(applied -> !at.isAfter(applied)).isEmpty())
        .flatMap(at ->
            soon(
                Kind.SLEEPS_SOON,
                "schedule",
                at,
                Duration.between(status.startedAt().orElse(at), at)));
  }

  /**
   * A desktop that stays on its node is announced too: whoever drains the node can still evict it.
   * One that moves already was announced before.
   */
  private Optional<Notice> draining() {
    return status
        .condition(Condition.NODE_DRAINING)
        .filter(condition -> condition.isTrue() && !condition.reason().equals(Condition.MOVING))
        .flatMap(condition ->
            deadline()
                .map(at ->
                    Optional.of(notice(Kind.NODE_DRAINING, condition.message(), at, at))
                        .filter(notice -> now.isBefore(notice.until())))
                .orElseGet(() ->
                    past(Kind.NODE_DRAINING, condition.message(), condition.lastTransitionTime())));
  }

  /** When the controller stops the pod. */
  private Optional<Instant> deadline() {
    return observed
        .pod()
        .filter(pod -> pod.metadata().isControlledBy(session.uid()))
        .flatMap(pod -> pod.metadata().time(Annotations.DRAIN_DEADLINE));
  }

  /** The condition is true only for sessions that had to wait. */
  private Optional<Notice> quotaFreed() {
    return status
        .condition(Condition.QUOTA_ADMITTED)
        .filter(Condition::isTrue)
        .flatMap(condition -> past(Kind.QUOTA_FREED, "", condition.lastTransitionTime()));
  }

  private Optional<Notice> soon(Kind kind, String reason, Instant at, Duration whole) {
    Duration lead = ExpiryWarning.lead(settings.warningBefore(), whole);
    return past(kind, reason, at).filter(_ -> !now.isBefore(at.minus(lead)));
  }

  /** Clocks differ: what has happened is told also while its time is in the near future. */
  private Optional<Notice> past(Kind kind, String reason, Instant at) {
    return Optional.of(notice(kind, reason, at, at.plus(settings.validFor())))
        .filter(notice -> now.isBefore(notice.until()));
  }

  private Notice notice(Kind kind, String reason, Instant at, Instant until) {
    Instant second = at.truncatedTo(ChronoUnit.SECONDS);
    return new Notice(
        Hashes.sha256(session.uid() + "/" + kind.text() + "/" + second, ID_LENGTH),
        kind,
        reason,
        SessionKey.of(session),
        session.uid(),
        session.spec().user(),
        session.spec().template(),
        status.url(),
        second,
        until);
  }

  private boolean isKept() {
    return annotation(Annotations.KEEP).equals(Optional.of("true"));
  }

  private Optional<String> annotation(String key) {
    return session.metadata().annotation(key);
  }

  private Optional<Instant> time(String key) {
    return session.metadata().time(key);
  }
}
