package io.vdi.operator.reaper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Schedule;
import io.vdi.operator.common.model.ScheduleWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Ten days of one session with a schedule: its user suspends, resumes and extends it, the
 * controller observes each change some time later, and the reaper restarts and forgets what it has
 * announced.
 */
class ScheduleSimulationProperties {
  private static final List<ScheduleWindow> COURSE =
      List.of(
          new ScheduleWindow(
              List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
              "08:55",
              "18:00",
              "Europe/Berlin",
              List.of("2026-03-04")),
          new ScheduleWindow(List.of("Mon", "Fri"), "17:30", "02:30", "UTC", List.of()));

  private final SessionBuilder session = new SessionBuilder();
  private final Map<String, Instant> events = new HashMap<>();
  private final Set<Instant> applied = new HashSet<>();
  private final PriorityQueue<Instant> observations = new PriorityQueue<>();
  private Instant changedByUser = SessionBuilder.NOON;
  private int starts;
  private int stops;

  @Property(tries = 60)
  void theScheduleActsOnceForEachBoundaryAndNeverAgainstItsUser(@ForAll long seed) {
    ScheduleSimulationProperties run = new ScheduleSimulationProperties();
    run.simulate(new Random(seed), true);
  }

  @Property(tries = 5)
  void withoutActionsOfItsUserTheSessionIsUpInTheWindows(@ForAll long seed) {
    ScheduleSimulationProperties run = new ScheduleSimulationProperties();
    run.simulate(new Random(seed), false);
    assertThat(run.starts).isEqualTo(12);
    assertThat(run.stops).isEqualTo(12);
  }

  private void simulate(Random random, boolean hasUser) {
    session.timeout = Optional.of("999h");
    session.schedule = Optional.of(COURSE);
    Instant now = SessionBuilder.NOON;
    Instant end = now.plus(Duration.ofDays(10));
    Instant nextAct = hasUser ? nextAct(now, random) : end;
    while (now.isBefore(end)) {
      observe(now);
      if (random.nextInt(5) == 0) {
        // The reaper restarts.
        session.announcedEnds = Map.of();
      }
      if (!now.isBefore(nextAct)) {
        if (observations.isEmpty()) {
          act(now, random);
        }
        nextAct = nextAct(now, random);
      }
      Instant next = decide(now, random).filter(nextAct::isAfter).orElse(nextAct);
      if (!hasUser && observations.isEmpty()) {
        assertThat(session.suspended)
            .as("suspended at %s", now)
            .isEqualTo(calendar().last(now).orElseThrow().kind() == Schedule.Kind.STOP);
      }
      now =
          observations.isEmpty() || observations.peek().isAfter(next) ? next : observations.peek();
    }
  }

  /** Any time, or one near a boundary. */
  private static Instant nextAct(Instant now, Random random) {
    Instant boundary = calendar().next(now).orElseThrow().at();
    Instant near = boundary.plusSeconds(random.nextInt(1800) - 900);
    return random.nextBoolean() && near.isAfter(now)
        ? near
        : now.plusSeconds(1 + random.nextInt(24 * 3600));
  }

  private void act(Instant now, Random random) {
    if (random.nextBoolean() && !session.suspended) {
      session.awakeUntil = Optional.of(now.plusSeconds(random.nextInt(6 * 3600)));
      session.generation++;
    } else {
      change(!session.suspended, now, random);
      changedByUser = now;
    }
  }

  private void change(boolean suspended, Instant now, Random random) {
    session.suspended = suspended;
    session.generation++;
    observations.add(now.plusSeconds(random.nextInt(200)));
  }

  /** What the controller does. */
  private void observe(Instant now) {
    while (!observations.isEmpty() && !observations.peek().isAfter(now)) {
      Instant at = observations.poll();
      session.phase = Optional.of(session.suspended ? Phase.SUSPENDED : Phase.RUNNING);
      session.started = session.suspended ? Optional.empty() : Optional.of(at);
      session.suspendedCondition = session.suspended ? Optional.of(at) : Optional.empty();
    }
  }

  /**
   * Decides, and carries the verdict out, until there is nothing to do before the returned time.
   */
  private Optional<Instant> decide(Instant now, Random random) {
    session.announcedEnds = new HashMap<>(session.announcedEnds);
    session.announcedEnds.keySet().retainAll(session.decision(now).upheld());
    return switch (session.decide(now)) {
      case SessionVerdict.Keep(Optional<Instant> until) -> until;
      case SessionVerdict.Ending ending -> Optional.of(ending.until());
      case SessionVerdict.Warn(Deadline deadline, String message) -> {
        Instant since =
            events.computeIfAbsent(
                deadline.reason() + "/" + deadline.at() + "/" + deadline.revision(), _ -> now);
        session.announced(deadline.reason(), deadline.endIfWarnedAt(since));
        yield decide(now, random);
      }
      case SessionVerdict.Suspend(ReapReason reason, Instant due, String message) -> {
        assertThat(reason).isEqualTo(ReapReason.SCHEDULE);
        assertActsOnce(Schedule.Kind.STOP, now);
        assertThat(session.awakeUntil.filter(now::isBefore)).as("awakeUntil").isEmpty();
        session.scheduleApplied = Optional.of(due);
        change(true, now, random);
        stops++;
        yield decide(now, random);
      }
      case SessionVerdict.Resume(Instant due, String message) -> {
        assertActsOnce(Schedule.Kind.START, now);
        session.scheduleApplied = Optional.of(due);
        change(false, now, random);
        starts++;
        yield decide(now, random);
      }
      case SessionVerdict.Expire _, SessionVerdict.Stuck _, SessionVerdict.Unknown _ ->
          throw new AssertionError("the simulation has no such sessions");
    };
  }

  private void assertActsOnce(Schedule.Kind kind, Instant now) {
    Schedule.Boundary last = calendar().last(now).orElseThrow();
    assertThat(last.kind()).isEqualTo(kind);
    assertThat(applied.add(last.at())).as("first action for %s", last).isTrue();
    assertThat(changedByUser).as("last change of the user before %s", last).isBefore(last.at());
  }

  private static Schedule.Calendar calendar() {
    return Schedule.of(COURSE)
        .calendar(start -> SessionBuilder.CONFIG.schedule().lead("uid-1", start));
  }
}
