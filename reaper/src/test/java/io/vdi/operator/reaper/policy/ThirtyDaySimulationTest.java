package io.vdi.operator.reaper.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Thirty days of a thousand desks on a simulated clock: people come, go, extend, shorten, suspend;
 * desktops fail. Looks are taken only when a verdict asked for one or something changed, as the
 * queue does it; every end must come in its very second, and none that is not due.
 */
class ThirtyDaySimulationTest {
  private static final Duration MONTH = Duration.ofDays(30);
  private static final int DESKS = 1000;

  /** How often a desktop is asked; the look at the moment of idleness comes on top of that. */
  private static final Duration POLL = Duration.ofMinutes(2);

  private record Look(Instant at, int desk, int life) {}

  /** One desk: a session, after its end the next one. */
  private static final class Desk {
    final SessionBuilder sample = new SessionBuilder();
    int life;
    boolean connected;
    Instant idleSince = SessionBuilder.NOON;
    Optional<Instant> warned = Optional.empty();

    /** A change can put the end into the past: it is then due at once. */
    Instant changed = SessionBuilder.NOON;
  }

  private final Random random = new Random(20260301);
  private final List<Desk> desks = new ArrayList<>();
  private final PriorityQueue<Look> looks =
      new PriorityQueue<>(Comparator.comparing(Look::at).thenComparing(Look::desk));
  private final Map<ReapReason, Integer> ends = new EnumMap<>(ReapReason.class);
  private int warnings;

  @Test
  void everyEndComesInItsSecondAndNoneThatIsNotDue() {
    for (int i = 0; i < DESKS; i++) {
      desks.add(new Desk());
      begin(i, SessionBuilder.NOON.plusSeconds(random.nextInt(3600)));
    }
    Instant end = SessionBuilder.NOON.plus(MONTH);
    Instant nextEvent = SessionBuilder.NOON;
    while (nextEvent.isBefore(end)) {
      looksUntil(nextEvent);
      event(random.nextInt(DESKS), nextEvent);
      // Some nine in a day at each desk.
      nextEvent = nextEvent.plusMillis(1 + random.nextInt(20_000));
    }
    assertTrue(ends.getOrDefault(ReapReason.TIMEOUT, 0) > 5_000, ends::toString);
    assertTrue(ends.getOrDefault(ReapReason.IDLE, 0) > 5_000, ends::toString);
    assertTrue(ends.getOrDefault(ReapReason.FAILED, 0) > 100, ends::toString);
    assertTrue(warnings > 5_000, "warnings: " + warnings);
  }

  private void looksUntil(Instant time) {
    while (!looks.isEmpty() && !looks.peek().at().isAfter(time)) {
      Look look = looks.poll();
      if (desks.get(look.desk()).life == look.life()) {
        look(look.desk(), look.at());
      }
    }
  }

  private void look(int i, Instant now) {
    Desk desk = desks.get(i);
    SessionBuilder sample = desk.sample;
    if (sample.phase.equals(Optional.of(Phase.RUNNING)) && sample.idleTimeout.isPresent()) {
      sample.activity =
          desk.connected ? new Activity.Connected(now) : new Activity.Idle(desk.idleSince, now);
    }
    switch (sample.judge(now)) {
      case Verdict.Keep(Optional<Instant> until) -> until.ifPresent(at -> lookAt(i, at));
      case Verdict.Warn warn -> {
        if (!desk.warned.equals(Optional.of(warn.due()))) {
          desk.warned = Optional.of(warn.due());
          warnings++;
        }
        lookAt(i, warn.until());
      }
      case Verdict.Expire(ReapReason reason, Instant due, String why) -> {
        assertEquals(dueByHand(desk), Optional.of(due), () -> "desk " + i + ": " + why);
        Duration late = Duration.between(due.isAfter(desk.changed) ? due : desk.changed, now);
        assertTrue(late.toSeconds() <= 1, () -> "desk " + i + " ended " + late + " late: " + why);
        ends.merge(reason, 1, Integer::sum);
        begin(i, now.plusSeconds(60));
      }
      case Verdict.Unknown _, Verdict.Stuck _, Verdict.Orphan _, Verdict.Note _ ->
          throw new AssertionError("no such session was made");
    }
  }

  /** The earliest end of a session by the rules of the spec, written once more. */
  private static Optional<Instant> dueByHand(Desk desk) {
    SessionBuilder sample = desk.sample;
    List<Instant> dues = new ArrayList<>();
    sample.started.ifPresent(start -> {
      dues.add(start.plus(Durations.parse(sample.timeout.orElseThrow()).orElseThrow()));
      if (sample.idleTimeout.isPresent()
          && !desk.connected
          && sample.phase.equals(Optional.of(Phase.RUNNING))) {
        Instant from = desk.idleSince.isAfter(start) ? desk.idleSince : start;
        dues.add(from.plus(Durations.parse(sample.idleTimeout.get()).orElseThrow()));
      }
    });
    sample.failedCondition.ifPresent(since -> dues.add(since.plus(Duration.ofHours(24))));
    return dues.stream().min(Comparator.naturalOrder());
  }

  private void lookAt(int i, Instant at) {
    looks.add(new Look(at, i, desks.get(i).life));
  }

  private void begin(int i, Instant now) {
    Desk desk = desks.get(i);
    desk.life++;
    desk.connected = random.nextBoolean();
    desk.idleSince = now;
    desk.warned = Optional.empty();
    SessionBuilder sample = desk.sample;
    sample.phase = Optional.of(Phase.RUNNING);
    sample.started = Optional.of(now);
    sample.suspended = false;
    sample.failedCondition = Optional.empty();
    sample.timeout = Optional.of(List.of("45m", "2h", "8h", "12h").get(random.nextInt(4)));
    sample.idleTimeout = random.nextBoolean() ? Optional.of("1h") : Optional.empty();
    sample.activity = new Activity.Unknown();
    changed(i, now);
  }

  /** Something changes, and as from an informer a look follows at once. */
  private void event(int i, Instant now) {
    Desk desk = desks.get(i);
    SessionBuilder sample = desk.sample;
    if (sample.started.filter(now::isBefore).isPresent()) {
      return;
    }
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> {
        desk.connected = !desk.connected;
        desk.idleSince = now;
      }
      case 4 -> sample.timeout = Optional.of(List.of("1h", "24h", "8h").get(random.nextInt(3)));
      case 5 -> {
        sample.suspended = true;
        sample.phase = Optional.of(Phase.SUSPENDED);
        sample.started = Optional.empty();
        sample.failedCondition = Optional.empty();
      }
      case 6, 7, 8 -> {
        if (sample.suspended) {
          sample.suspended = false;
          sample.phase = Optional.of(Phase.RUNNING);
          sample.started = Optional.of(now);
          desk.idleSince = now;
        }
      }
      case 9 -> {
        if (!sample.suspended && random.nextInt(8) == 0) {
          sample.phase = Optional.of(Phase.FAILED);
          sample.failedCondition = Optional.of(sample.failedCondition.orElse(now));
          sample.started = Optional.empty();
        }
      }
      default -> {}
    }
    changed(i, now);
  }

  private void changed(int i, Instant now) {
    Desk desk = desks.get(i);
    desk.changed = now;
    lookAt(i, now);
    if (desk.sample.idleTimeout.isPresent() && !desk.connected) {
      dueByHand(desk).filter(due -> due.isAfter(now)).ifPresent(due -> lookAt(i, due));
    }
    lookAt(i, now.plus(POLL));
  }
}
