package io.vdi.operator.reaper.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.IdleAction;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ScheduleWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What holds for the policy in every state of a session or home. */
class ReapPolicyProperties {
  private static final int DAY = 24 * 3600;

  @Provide
  Arbitrary<SessionBuilder> sessions() {
    Arbitrary<Optional<String>> durations =
        Arbitraries.of("45s", "9m", "1h30m", "8h", "nonsense").optional(0.8);
    Arbitrary<Optional<Instant>> times =
        Arbitraries.integers()
            .between(-DAY, DAY)
            .map(SessionBuilder.NOON::plusSeconds)
            .optional(0.7);
    Arbitrary<Activity> activities =
        Combinators.combine(
                Arbitraries.integers().between(0, 3), times, Arbitraries.integers().between(0, DAY))
            .as((kind, since, later) -> {
              Instant from = since.orElse(SessionBuilder.NOON);
              return switch (kind) {
                case 0 -> new Activity.Unknown();
                case 1 -> new Activity.InUse(from);
                case 2 -> new Activity.Busy(from);
                default -> new Activity.Idle(from, from.plusSeconds(later));
              };
            });
    Arbitrary<SessionBuilder> base =
        Combinators.combine(durations, durations, durations, times, times, times, activities)
            .as((timeout, idle, max, started, expires, failed, activity) -> {
              SessionBuilder session = new SessionBuilder();
              session.timeout = timeout;
              session.idleTimeout = idle;
              session.maxTimeout = max;
              session.started = started;
              session.expiresAt = expires;
              session.failedCondition = failed;
              session.activity = activity;
              return session;
            });
    Arbitrary<Integer> oneInTen = Arbitraries.integers().between(0, 9);
    Arbitrary<Map<ReapReason, Instant>> announced =
        Arbitraries.maps(
                Arbitraries.of(
                    ReapReason.TIMEOUT,
                    ReapReason.IDLE,
                    ReapReason.FAILED,
                    ReapReason.SUSPENDED,
                    ReapReason.SCHEDULE),
                Arbitraries.integers().between(-DAY, 2 * DAY).map(SessionBuilder.NOON::plusSeconds))
            .ofMaxSize(4);
    Arbitrary<SessionBuilder> warned =
        Combinators.combine(
                base,
                announced,
                Arbitraries.of(IdleAction.class).optional(),
                durations,
                times,
                Arbitraries.of(true, false))
            .as((session, ends, action, deleteAfter, suspended, initialized) -> {
              session.announcedEnds = ends;
              session.idleAction = action;
              session.deleteAfterSuspended = deleteAfter;
              session.suspendedCondition = suspended;
              session.initialized = initialized;
              return session;
            });
    Arbitrary<List<ScheduleWindow>> schedules =
        Combinators.combine(
                Arbitraries.of("Sun", "Mon", "Sat").list().uniqueElements().ofMinSize(1),
                Arbitraries.of("", "06:00", "11:55", "12:30"),
                Arbitraries.of("09:00", "12:00", "18:00"))
            .as((days, start, stop) ->
                new ScheduleWindow(days, start, stop, "Europe/Berlin", List.of("2026-03-02")))
            .list()
            .ofMaxSize(2);
    Arbitrary<SessionBuilder> scheduled =
        Combinators.combine(warned, schedules.optional(0.5), times, times, times)
            .as((session, schedule, awakeUntil, applied, starting) -> {
              session.schedule = schedule;
              session.awakeUntil = awakeUntil;
              session.scheduleApplied = applied;
              session.starting = starting;
              return session;
            });
    return Combinators.combine(
            scheduled, Arbitraries.of(Phase.class).optional(), oneInTen, oneInTen, oneInTen, times)
        .as((session, phase, template, suspended, kept, deleted) -> {
          session.phase = phase;
          session.template = template > 1;
          session.suspended = suspended < 2;
          session.keep = kept == 0;
          session.deleted = deleted.filter(at -> kept > 7);
          return session;
        });
  }

  @Property(tries = 3000)
  void aSessionThatIsDueStaysDue(
      @ForAll("sessions") SessionBuilder session,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at,
      @ForAll @IntRange(max = 99 * DAY) int later) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    // Idleness is the exception: it must be confirmed by a recent observation.
    if (session.decide(now) instanceof SessionVerdict.Expire expire
        && expire.reason() != ReapReason.IDLE) {
      assertThat(session.decide(now.plusSeconds(later))).isInstanceOf(SessionVerdict.Expire.class);
    }
  }

  @Property(tries = 3000)
  void noSessionExpiresBeforeItsDueTime(
      @ForAll("sessions") SessionBuilder session,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    if (!(session.decide(now)
        instanceof SessionVerdict.Expire(ReapReason reason, Instant due, String message))) {
      return;
    }
    assertThat(now).as("%s", message).isAfterOrEqualTo(due);
    assertThat(session.suspended).as("suspended").isEqualTo(reason == ReapReason.SUSPENDED);
    assertThat(session.keep && reason != ReapReason.TIMEOUT)
        .as("protected by vdi.kasm.io/keep")
        .isFalse();
    assertThat(session.deleted).as("deletion timestamp").isEmpty();
    Instant announced = session.announcedEnds.get(reason);
    assertThat(announced).as("the end that the warning announced").isBeforeOrEqualTo(due);
    Instant deadline =
        switch (reason) {
          case TIMEOUT -> lifetimeEnd(session);
          case IDLE -> {
            assertThat(session.idleAction).contains(IdleAction.DELETE);
            yield idleEnd(session, now);
          }
          case FAILED -> {
            assertThat(session.started).as("startTime").isEmpty();
            assertThat(session.initialized).as("was ready before").isFalse();
            yield session.failedCondition.orElseThrow().plus(Duration.ofHours(24));
          }
          case SUSPENDED ->
              session
                  .suspendedCondition
                  .orElseThrow()
                  .plus(Durations.parse(session.deleteAfterSuspended.orElseThrow()).orElseThrow());
          case SCHEDULE, NEVER_STARTED, ORPHAN, HOME_RETENTION, STUCK ->
              throw new AssertionError("no session has a cause for " + reason);
        };
    assertThat(due).isEqualTo(announced.isAfter(deadline) ? announced : deadline);
  }

  @Property(tries = 3000)
  void noSessionIsSuspendedBeforeItsDueTime(
      @ForAll("sessions") SessionBuilder session,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    if (session.decide(now)
        instanceof SessionVerdict.Suspend(ReapReason reason, Instant due, String message)) {
      assertThat(now).as("%s", message).isAfterOrEqualTo(due);
      assertThat(session.suspended || session.keep || session.deleted.isPresent()).isFalse();
      if (reason == ReapReason.SCHEDULE) {
        assertThat(due).isAfterOrEqualTo(session.announcedEnds.get(reason));
        assertThat(session.awakeUntil.filter(due::isBefore)).isEmpty();
        return;
      }
      assertThat(session.idleAction.orElse(IdleAction.SUSPEND)).isEqualTo(IdleAction.SUSPEND);
      Instant announced = session.announcedEnds.get(ReapReason.IDLE);
      Instant end = idleEnd(session, now);
      assertThat(due).isEqualTo(announced.isAfter(end) ? announced : end);
    }
  }

  /** Checks that the session is idle, and returns since when it has been for too long. */
  private static Instant idleEnd(SessionBuilder session, Instant now) {
    Activity.Idle idle = assertInstanceOf(Activity.Idle.class, session.activity);
    Duration limit = Durations.parse(session.idleTimeout.orElseThrow()).orElseThrow();
    assertThat(Duration.between(idle.since(), idle.asOf())).isGreaterThanOrEqualTo(limit);
    // In whole seconds, as the times of this test are.
    assertThat(Duration.between(idle.asOf(), now).toSeconds()).isLessThanOrEqualTo(10);
    Instant start = session.started.orElseThrow();
    return (idle.since().isAfter(start) ? idle.since() : start).plus(limit);
  }

  /**
   * The reaper is started at any moment, knows nothing of earlier warnings, and writes the Event of
   * each warning some time after the decision. Whatever the session's state is, its user has been
   * warned for ten minutes, or for half of a time that is not longer, when it ends.
   */
  @Property(tries = 3000)
  void noSessionEndsBeforeItsWarningHasBeenOut(
      @ForAll("sessions") SessionBuilder session,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at,
      @ForAll @IntRange(max = 60) int latency) {
    session.announcedEnds = Map.of();
    Map<ReapReason, Instant> warned = new EnumMap<>(ReapReason.class);
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    for (int i = 0; i < 20; i++) {
      switch (session.decide(now)) {
        case SessionVerdict.Warn(Deadline deadline, String message) -> {
          // A start that follows a stop withdraws it. The warning of the next stop is another one.
          Optional.ofNullable(session.announcedEnds.get(deadline.reason()))
              .ifPresent(announced -> {
                assertThat(deadline.reason())
                    .as("warned twice: %s", message)
                    .isEqualTo(ReapReason.SCHEDULE);
                assertThat(deadline.at()).as("warned twice: %s", message).isAfter(announced);
              });
          Instant since = now.plusSeconds(latency);
          warned.put(deadline.reason(), since);
          session.announced(deadline.reason(), deadline.endIfWarnedAt(since));
          assertThat(deadline.lead()).isLessThanOrEqualTo(Duration.ofMinutes(10)).isPositive();
        }
        case SessionVerdict.Ending ending -> {
          assertThat(ending.end())
              .isAfterOrEqualTo(
                  warned.get(ending.deadline().reason()).plus(ending.deadline().lead()))
              .isAfterOrEqualTo(ending.deadline().at());
          now = ending.until();
        }
        case SessionVerdict.Keep(Optional<Instant> until) -> {
          // A session that the schedule does not concern has a decision at each of its boundaries.
          if (until.isEmpty() || (session.schedule.isPresent() && i > 10)) {
            return;
          }
          now = until.get();
        }
        case SessionVerdict.Expire(ReapReason reason, Instant due, String message) -> {
          assertThat(warned).as(message).containsKey(reason);
          assertThat(now).isAfterOrEqualTo(due);
          return;
        }
        case SessionVerdict.Suspend(ReapReason reason, Instant due, String message) -> {
          assertThat(warned).as(message).containsKey(reason);
          assertThat(now).isAfterOrEqualTo(due);
          return;
        }
        case SessionVerdict.Stuck _, SessionVerdict.Unknown _, SessionVerdict.Resume _ -> {
          return;
        }
      }
    }
    throw new AssertionError("no end after 20 decisions");
  }

  /** Computed in another way than by the policy. */
  private static Instant lifetimeEnd(SessionBuilder session) {
    Instant start = session.started.orElseThrow();
    if (!session.template && session.timeout.flatMap(Durations::parse).isEmpty()) {
      return session.expiresAt.orElseThrow();
    }
    Instant own = start.plus(session.timeout.flatMap(Durations::parse).orElse(Duration.ofHours(8)));
    Instant cap =
        session
            .maxTimeout
            .filter(max -> session.template)
            .flatMap(Durations::parse)
            .map(start::plus)
            .orElse(Instant.MAX);
    return own.isBefore(cap) && !session.keep ? own : cap;
  }

  /** Otherwise a queue that wakes at that time would miss a deadline. */
  @Property(tries = 3000)
  void theVerdictDoesNotChangeBeforeTheTimeThatItNames(
      @ForAll("sessions") SessionBuilder session,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at,
      @ForAll @IntRange(max = 1000) int permille) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    SessionVerdict first = session.decide(now);
    Optional<Instant> until =
        switch (first) {
          case SessionVerdict.Keep(Optional<Instant> next) -> next;
          case SessionVerdict.Ending ending -> Optional.of(ending.until());
          default -> Optional.of(now);
        };
    Instant next = until.orElse(now.plusSeconds(99 * DAY));
    assertThat(next).isAfterOrEqualTo(now);
    if (until.isPresent()
        && (first instanceof SessionVerdict.Keep || first instanceof SessionVerdict.Ending)) {
      assertThat(next).as("when to decide again after %s", first).isAfter(now);
    }
    Instant between =
        now.plusNanos(Duration.between(now, next).toNanos() / 1000 * permille).minusNanos(1);
    if (between.isAfter(now)) {
      assertThat(session.decide(between)).isEqualTo(first);
    }
  }

  @Property
  void aHomeIsDeletedOnlyAfterItsRetentionPeriodAndIfNoSessionUsesIt(
      @ForAll @IntRange(min = -90, max = 90) int released,
      @ForAll @IntRange(min = -90, max = 180) int now,
      @ForAll boolean inUse,
      @ForAll boolean marked) {
    Instant since = SessionBuilder.NOON.plus(Duration.ofDays(released));
    Instant at = SessionBuilder.NOON.plus(Duration.ofDays(now));
    HomeVerdict verdict =
        ReapPolicy.decide(
            SessionBuilder.home(
                marked ? Map.of(Annotations.RELEASED_AT, since.toString()) : Map.of()),
            inUse ? Optional.of(new SessionBuilder().session()) : Optional.empty(),
            at,
            SessionBuilder.CONFIG);
    assertThat(verdict instanceof HomeVerdict.Delete)
        .as("deleted, with %s", verdict)
        .isEqualTo(marked && !inUse && now - released >= 30);
  }
}
