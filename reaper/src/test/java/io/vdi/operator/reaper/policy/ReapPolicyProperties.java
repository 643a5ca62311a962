package io.vdi.operator.reaper.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Phase;
import java.time.Duration;
import java.time.Instant;
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
                Arbitraries.integers().between(0, 2), times, Arbitraries.integers().between(0, DAY))
            .as((kind, since, later) -> {
              Instant from = since.orElse(SessionBuilder.NOON);
              return switch (kind) {
                case 0 -> new Activity.Unknown();
                case 1 -> new Activity.Connected(from);
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
    return Combinators.combine(
            base, Arbitraries.of(Phase.class).optional(), oneInTen, oneInTen, oneInTen, times)
        .as((session, phase, template, suspended, kept, deleted) -> {
          session.phase = phase;
          session.template = template > 1;
          session.suspended = suspended == 0;
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
    assertThat(session.suspended).as("suspended").isFalse();
    assertThat(session.keep).as("protected by vdi.kasm.io/keep").isFalse();
    assertThat(session.deleted).as("deletion timestamp").isEmpty();
    switch (reason) {
      case TIMEOUT -> assertThat(due).isEqualTo(lifetimeEnd(session));
      case IDLE -> {
        Activity.Idle idle = assertInstanceOf(Activity.Idle.class, session.activity);
        Duration limit = Durations.parse(session.idleTimeout.orElseThrow()).orElseThrow();
        assertThat(Duration.between(idle.since(), idle.asOf())).isGreaterThanOrEqualTo(limit);
        assertThat(Duration.between(session.started.orElseThrow(), due))
            .isGreaterThanOrEqualTo(limit);
        // In whole seconds, as the times of this test are.
        assertThat(Duration.between(idle.asOf(), now).toSeconds()).isLessThanOrEqualTo(10);
      }
      case FAILED ->
          assertThat(due)
              .isEqualTo(session.failedCondition.orElseThrow().plus(Duration.ofHours(24)));
      case NEVER_STARTED, ORPHAN, HOME_RETENTION, STUCK ->
          throw new AssertionError("no session has a cause for " + reason);
    }
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
    return own.isBefore(cap) ? own : cap;
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
          case SessionVerdict.Warn warn -> Optional.of(warn.until());
          default -> Optional.of(now);
        };
    Instant next = until.orElse(now.plusSeconds(99 * DAY));
    assertThat(next).isAfterOrEqualTo(now);
    if (until.isPresent()
        && (first instanceof SessionVerdict.Keep || first instanceof SessionVerdict.Warn)) {
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
