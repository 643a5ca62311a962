package io.vdi.operator.reaper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Thirty days of two hundred desks on a simulated clock: users connect, disconnect, extend, shorten
 * and suspend sessions, and desktops fail. As with the queue, a decision is made only when a
 * verdict asked for it or something changed. Every session must end in the second in which it is
 * due, and none before.
 */
class ThirtyDaySimulationTest {
  private static final Duration MONTH = Duration.ofDays(30);
  private static final int DESKS = 200;

  /** How often a desktop is asked, in addition to the probe at its idle deadline. */
  private static final Duration PROBE_INTERVAL = Duration.ofMinutes(2);

  private record Check(Instant at, int desk, int generation) {}

  /** One desk: a session, and after its end the next one. */
  private static final class Desk {
    final SessionBuilder session = new SessionBuilder();
    int generation;
    boolean connected;
    Instant idleSince = SessionBuilder.NOON;
    final Map<ReapReason, Instant> warned = new EnumMap<>(ReapReason.class);

    /** A change can move the end into the past: the session is then due immediately. */
    Instant changed = SessionBuilder.NOON;
  }

  private final Random random = new Random(20260301);
  private final List<Desk> desks = new ArrayList<>();
  private final PriorityQueue<Check> checks =
      new PriorityQueue<>(Comparator.comparing(Check::at).thenComparing(Check::desk));
  private final Map<ReapReason, Integer> ends = new EnumMap<>(ReapReason.class);
  private int warnings;

  @Test
  void everySessionEndsInItsSecondAndNoneBefore() {
    for (int i = 0; i < DESKS; i++) {
      desks.add(new Desk());
      begin(i, SessionBuilder.NOON.plusSeconds(random.nextInt(3600)));
    }
    Instant end = SessionBuilder.NOON.plus(MONTH);
    Instant nextEvent = SessionBuilder.NOON;
    while (nextEvent.isBefore(end)) {
      checkUntil(nextEvent);
      event(random.nextInt(DESKS), nextEvent);
      // About nine events per day and desk.
      nextEvent = nextEvent.plusMillis(1 + random.nextInt(100_000));
    }
    assertThat(ends.getOrDefault(ReapReason.TIMEOUT, 0)).as("%s", ends).isGreaterThan(1_000);
    assertThat(ends.getOrDefault(ReapReason.IDLE, 0)).as("%s", ends).isGreaterThan(1_000);
    assertThat(ends.getOrDefault(ReapReason.FAILED, 0)).as("%s", ends).isGreaterThan(20);
    assertThat(warnings).as("warnings").isGreaterThan(1_000);
  }

  private void checkUntil(Instant time) {
    while (!checks.isEmpty() && !checks.peek().at().isAfter(time)) {
      Check next = checks.poll();
      if (desks.get(next.desk()).generation == next.generation()) {
        check(next.desk(), next.at());
      }
    }
  }

  private void check(int i, Instant now) {
    Desk desk = desks.get(i);
    SessionBuilder session = desk.session;
    if (session.phase.equals(Optional.of(Phase.RUNNING)) && session.idleTimeout.isPresent()) {
      session.activity =
          desk.connected ? new Activity.InUse(now) : new Activity.Idle(desk.idleSince, now);
    }
    Set<ReapReason> upheld = session.decision(now).upheld();
    session.announcedEnds = new HashMap<>(session.announcedEnds);
    session.announcedEnds.keySet().retainAll(upheld);
    desk.warned.keySet().retainAll(upheld);
    switch (session.decide(now)) {
      case SessionVerdict.Keep(Optional<Instant> until) ->
          until.ifPresent(at -> scheduleCheck(i, at));
      case SessionVerdict.Warn(Deadline deadline, String message) -> {
        assertThat(deadline.warningDue()).as(message).isBeforeOrEqualTo(now);
        session.announced(deadline.reason(), deadline.endIfWarnedAt(now));
        desk.warned.put(deadline.reason(), now);
        warnings++;
        check(i, now);
      }
      case SessionVerdict.Ending ending -> scheduleCheck(i, ending.until());
      case SessionVerdict.Expire(ReapReason reason, Instant due, String message) ->
          end(i, reason, due, now, message);
      case SessionVerdict.Suspend(ReapReason reason, Instant due, String message) ->
          end(i, reason, due, now, message);
      case SessionVerdict.Unknown _, SessionVerdict.Stuck _, SessionVerdict.Resume _ ->
          throw new AssertionError("the simulation has no such sessions");
    }
  }

  private void end(int i, ReapReason reason, Instant due, Instant now, String message) {
    Desk desk = desks.get(i);
    Instant warned = desk.warned.get(reason);
    assertThat(warned).as("the warning of desk %s: %s", i, message).isNotNull();
    // An end that a change has moved into the past waits for the warning.
    Instant latest = warned.plus(Duration.ofMinutes(10));
    Instant expected = expectedEnd(desk).orElseThrow();
    assertThat(due)
        .as("desk %s: %s", i, message)
        .isBetween(expected, latest.isAfter(expected) ? latest : expected);
    assertThat(Duration.between(warned, now)).isGreaterThanOrEqualTo(Duration.ofMinutes(10));
    Duration late = Duration.between(due.isAfter(desk.changed) ? due : desk.changed, now);
    assertThat(late.toSeconds())
        .as("lateness of desk %s in seconds: %s", i, message)
        .isLessThanOrEqualTo(1);
    ends.merge(reason, 1, Integer::sum);
    begin(i, now.plusSeconds(60));
  }

  /** The earliest end of a session according to the specification, computed independently. */
  private static Optional<Instant> expectedEnd(Desk desk) {
    SessionBuilder session = desk.session;
    List<Instant> deadlines = new ArrayList<>();
    session.started.ifPresent(start -> {
      deadlines.add(start.plus(Durations.parse(session.timeout.orElseThrow()).orElseThrow()));
      if (session.idleTimeout.isPresent()
          && !desk.connected
          && session.phase.equals(Optional.of(Phase.RUNNING))) {
        Instant from = desk.idleSince.isAfter(start) ? desk.idleSince : start;
        deadlines.add(from.plus(Durations.parse(session.idleTimeout.get()).orElseThrow()));
      }
    });
    session.failedCondition.ifPresent(since -> deadlines.add(since.plus(Duration.ofHours(24))));
    return deadlines.stream().min(Comparator.naturalOrder());
  }

  private void scheduleCheck(int i, Instant at) {
    checks.add(new Check(at, i, desks.get(i).generation));
  }

  private void begin(int i, Instant now) {
    Desk desk = desks.get(i);
    desk.generation++;
    desk.connected = random.nextBoolean();
    desk.idleSince = now;
    desk.warned.clear();
    SessionBuilder session = desk.session;
    session.announcedEnds = Map.of();
    session.phase = Optional.of(Phase.RUNNING);
    session.started = Optional.of(now);
    session.suspended = false;
    session.failedCondition = Optional.empty();
    session.timeout = Optional.of(List.of("45m", "2h", "8h", "12h").get(random.nextInt(4)));
    session.idleTimeout = random.nextBoolean() ? Optional.of("1h") : Optional.empty();
    session.activity = new Activity.Unknown();
    changed(i, now);
  }

  /** Something changes, and a check follows immediately, as after an event of an informer. */
  private void event(int i, Instant now) {
    Desk desk = desks.get(i);
    SessionBuilder session = desk.session;
    if (session.started.filter(now::isBefore).isPresent()) {
      return;
    }
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> {
        desk.connected = !desk.connected;
        desk.idleSince = now;
      }
      case 4 -> session.timeout = Optional.of(List.of("1h", "24h", "8h").get(random.nextInt(3)));
      case 5 -> {
        session.suspended = true;
        session.phase = Optional.of(Phase.SUSPENDED);
        session.started = Optional.empty();
        session.failedCondition = Optional.empty();
      }
      case 6, 7, 8 -> {
        if (session.suspended) {
          session.suspended = false;
          session.phase = Optional.of(Phase.RUNNING);
          session.started = Optional.of(now);
          desk.idleSince = now;
        }
      }
      case 9 -> {
        if (!session.suspended && random.nextInt(8) == 0) {
          session.phase = Optional.of(Phase.FAILED);
          session.failedCondition = Optional.of(session.failedCondition.orElse(now));
          session.started = Optional.empty();
        }
      }
      default -> {}
    }
    changed(i, now);
  }

  private void changed(int i, Instant now) {
    Desk desk = desks.get(i);
    desk.changed = now;
    scheduleCheck(i, now);
    if (desk.session.idleTimeout.isPresent() && !desk.connected) {
      expectedEnd(desk).filter(due -> due.isAfter(now)).ifPresent(due -> scheduleCheck(i, due));
    }
    scheduleCheck(i, now.plus(PROBE_INTERVAL));
  }
}
