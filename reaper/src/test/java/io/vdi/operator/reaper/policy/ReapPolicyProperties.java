package io.vdi.operator.reaper.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
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

/** Monotone in time, never before its time, never on doubt: over sessions of all kinds. */
class ReapPolicyProperties {
  private static final int DAY = 24 * 3600;

  @Provide
  Arbitrary<SessionBuilder> samples() {
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
              SessionBuilder sample = new SessionBuilder();
              sample.timeout = timeout;
              sample.idleTimeout = idle;
              sample.maxTimeout = max;
              sample.started = started;
              sample.expiresAt = expires;
              sample.failedCondition = failed;
              sample.activity = activity;
              return sample;
            });
    Arbitrary<Integer> oneInTen = Arbitraries.integers().between(0, 9);
    return Combinators.combine(
            base, Arbitraries.of(Phase.class).optional(), oneInTen, oneInTen, oneInTen, times)
        .as((sample, phase, template, suspended, kept, deleted) -> {
          sample.phase = phase;
          sample.template = template > 1;
          sample.suspended = suspended == 0;
          sample.keep = kept == 0;
          sample.deleted = deleted.filter(at -> kept > 7);
          return sample;
        });
  }

  @Property(tries = 3000)
  void whatHasHadItsTimeHasHadItForEver(
      @ForAll("samples") SessionBuilder sample,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at,
      @ForAll @IntRange(max = 99 * DAY) int later) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    // Idleness alone is a matter of fresh knowledge, and so ends with it.
    if (sample.judge(now) instanceof Verdict.Expire expire && expire.reason() != ReapReason.IDLE) {
      assertInstanceOf(Verdict.Expire.class, sample.judge(now.plusSeconds(later)));
    }
  }

  @Property(tries = 3000)
  void neverBeforeItsTime(
      @ForAll("samples") SessionBuilder sample,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    if (!(sample.judge(now)
        instanceof Verdict.Expire(ReapReason reason, Instant due, String why))) {
      return;
    }
    assertTrue(!now.isBefore(due));
    assertTrue(!sample.suspended && !sample.keep && sample.deleted.isEmpty());
    switch (reason) {
      case TIMEOUT -> assertEquals(lifetimeEnd(sample), due);
      case IDLE -> {
        Activity.Idle idle = assertInstanceOf(Activity.Idle.class, sample.activity);
        Duration limit = Durations.parse(sample.idleTimeout.orElseThrow()).orElseThrow();
        assertTrue(Duration.between(idle.since(), idle.asOf()).compareTo(limit) >= 0);
        assertTrue(Duration.between(sample.started.orElseThrow(), due).compareTo(limit) >= 0);
        assertTrue(Duration.between(idle.asOf(), now).toSeconds() <= 10);
      }
      case FAILED ->
          assertEquals(sample.failedCondition.orElseThrow().plus(Duration.ofHours(24)), due);
      case NEVER_STARTED, ORPHAN, HOME_RETENTION, STUCK ->
          throw new AssertionError(reason + " without any ground");
    }
  }

  /** By another way than the judge's. */
  private static Instant lifetimeEnd(SessionBuilder sample) {
    Instant start = sample.started.orElseThrow();
    if (!sample.template && sample.timeout.flatMap(Durations::parse).isEmpty()) {
      return sample.expiresAt.orElseThrow();
    }
    Instant own = start.plus(sample.timeout.flatMap(Durations::parse).orElse(Duration.ofHours(8)));
    Instant cap =
        sample
            .maxTimeout
            .filter(max -> sample.template)
            .flatMap(Durations::parse)
            .map(start::plus)
            .orElse(Instant.MAX);
    return own.isBefore(cap) ? own : cap;
  }

  /** Or a queue that wakes at that time would miss something. */
  @Property(tries = 3000)
  void betweenTwoLooksNothingChanges(
      @ForAll("samples") SessionBuilder sample,
      @ForAll @IntRange(min = -DAY, max = 3 * DAY) int at,
      @ForAll @IntRange(max = 1000) int permille) {
    Instant now = SessionBuilder.NOON.plusSeconds(at);
    Verdict first = sample.judge(now);
    Optional<Instant> until =
        switch (first) {
          case Verdict.Keep(Optional<Instant> next) -> next;
          case Verdict.Warn warn -> Optional.of(warn.until());
          default -> Optional.of(now);
        };
    Instant next = until.orElse(now.plusSeconds(99 * DAY));
    assertTrue(!next.isBefore(now));
    if (until.isPresent() && (first instanceof Verdict.Keep || first instanceof Verdict.Warn)) {
      assertTrue(next.isAfter(now), "a look that leads to the same look at once");
    }
    Instant between =
        now.plusNanos(Duration.between(now, next).toNanos() / 1000 * permille).minusNanos(1);
    if (between.isAfter(now)) {
      assertEquals(first, sample.judge(between));
    }
  }

  @Property
  void aHomeNeverGoesBeforeItsRetentionNorWhileItsUserHasItsSession(
      @ForAll @IntRange(min = -90, max = 90) int released,
      @ForAll @IntRange(min = -90, max = 180) int now,
      @ForAll boolean session,
      @ForAll boolean noted) {
    Instant since = SessionBuilder.NOON.plus(Duration.ofDays(released));
    Instant at = SessionBuilder.NOON.plus(Duration.ofDays(now));
    Verdict verdict =
        ReapPolicy.judge(
            new Candidate.Home(
                SessionBuilder.object(
                    ResourceType.PERSISTENT_VOLUME_CLAIM,
                    Optional.empty(),
                    noted ? Map.of(Annotations.RELEASED_AT, since.toString()) : Map.of()),
                session ? Optional.of(new SessionBuilder().session()) : Optional.empty()),
            at,
            SessionBuilder.RULES);
    assertEquals(noted && !session && now - released >= 30, verdict instanceof Verdict.Orphan);
  }
}
