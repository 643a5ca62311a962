package io.vdi.operator.reaper.notice;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notices;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Hours of some sessions, with leaders that are killed at any point: each notice reaches each sink,
 * and a second time only after a crash between its delivery and its record.
 */
class LedgerProperties {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration STEP = Duration.ofSeconds(20);
  private static final int STEPS = 1000;

  /** Shorter than a notice is valid: a leader is back in time. */
  private static final int LONGEST_OUTAGE = 30;

  private static final Set<String> SINKS = Set.of("webhook", "mail");
  private static final Notices.Settings SETTINGS =
      new Notices.Settings(Duration.ofMinutes(10), Duration.ofHours(1));

  private record Sent(String id, String sink) {}

  private record Attempt(Notice notice, String sink) {}

  /** One process: what it has read and not written yet, and what waits for its sinks. */
  private static final class Leader {
    private final Ledger ledger;
    private final Deque<Attempt> queue = new ArrayDeque<>();
    private final Set<Sent> queued = new HashSet<>();
    private final Set<Sent> unrecorded = new HashSet<>();

    Leader(Map<String, String> stored, Instant now) {
      this.ledger = Ledger.parse(stored);
      ledger.setSinks(SINKS, now);
      ledger.kept().forEach(this::offer);
    }

    void observe(Notice notice) {
      if (notice.kind() == Notice.Kind.EXPIRED) {
        ledger.keep(notice);
      }
      offer(notice);
    }

    private void offer(Notice notice) {
      for (String sink : SINKS) {
        if (ledger.isOpen(notice, sink) && queued.add(new Sent(notice.id(), sink))) {
          queue.add(new Attempt(notice, sink));
        }
      }
    }
  }

  @Property(tries = 100)
  void eachNoticeOnceUnlessACrashFallsBetweenDeliveryAndRecord(@ForAll long seed) {
    Random random = new Random(seed);
    List<Desk> desks = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      desks.add(new Desk("uid-" + i, random));
    }
    Map<String, String> stored = new TreeMap<>();
    Map<Sent, Integer> sent = new HashMap<>();
    Map<Sent, Integer> lostRecords = new HashMap<>();
    Set<Sent> expected = new HashSet<>();
    List<Attempt> interrupted = new ArrayList<>();
    Optional<Leader> leader = Optional.of(new Leader(stored, NOON));
    stored = leader.get().ledger.data();
    int outage = 0;
    for (int step = 0; step < STEPS + 300; step++) {
      Instant now = NOON.plus(STEP.multipliedBy(step));
      if (step < STEPS) {
        for (Desk desk : desks) {
          desk.live(now, leader.isPresent(), random);
        }
      }
      if (leader.isEmpty() && --outage <= 0) {
        leader = Optional.of(new Leader(stored, now));
      }
      if (leader.isEmpty()) {
        continue;
      }
      Leader working = leader.get();
      for (Desk desk : desks) {
        for (Notice notice : desk.due(now)) {
          assertThat(notice.at()).as("not of the past").isAfterOrEqualTo(NOON);
          SINKS.forEach(sink -> expected.add(new Sent(notice.id(), sink)));
          working.observe(notice);
        }
      }
      for (Attempt attempt : interrupted) {
        Sent key = new Sent(attempt.notice().id(), attempt.sink());
        if (!working.queued.contains(key)) {
          // Nobody needs to be told any more, such as of the end of a session that was extended.
          assertThat(attempt.notice().kind()).isNotEqualTo(Notice.Kind.EXPIRED);
          expected.remove(key);
        }
      }
      interrupted.clear();
      boolean calm = step >= STEPS;
      for (int i = 0; i < 4 && !working.queue.isEmpty(); i++) {
        Attempt attempt = working.queue.removeFirst();
        Sent key = new Sent(attempt.notice().id(), attempt.sink());
        if (!calm && random.nextInt(3) == 0) {
          working.queue.addLast(attempt);
          continue;
        }
        sent.merge(key, 1, Integer::sum);
        working.ledger.settle(attempt.notice(), attempt.sink());
        working.unrecorded.add(key);
      }
      boolean killedBeforeTheWrite = !calm && random.nextInt(12) == 0;
      if (!killedBeforeTheWrite) {
        working.ledger.prune(now);
        stored = working.ledger.data();
        working.unrecorded.clear();
      }
      if (killedBeforeTheWrite || (!calm && random.nextInt(12) == 0)) {
        working.unrecorded.forEach(key -> lostRecords.merge(key, 1, Integer::sum));
        // A session that is gone before another leader observes it is lost; the finalizer holds it.
        desks.forEach(desk -> desk.survive(killedBeforeTheWrite));
        working.queue.stream()
            .filter(attempt -> !sent.containsKey(new Sent(attempt.notice().id(), attempt.sink())))
            .forEach(interrupted::add);
        leader = Optional.empty();
        outage = 1 + random.nextInt(LONGEST_OUTAGE);
      }
    }
    assertThat(sent.keySet()).containsExactlyInAnyOrderElementsOf(expected);
    sent.forEach((key, times) ->
        assertThat(times)
            .as("%s was recorded once", key)
            .isBetween(1, 1 + lostRecords.getOrDefault(key, 0)));
  }

  /** One session: it runs, is extended, sleeps by its schedule or by hand, and ends. */
  private static final class Desk {
    /** The finalizer is removed so soon after the deletion. */
    private static final int FINALIZER_STEPS = 2;

    private String uid;
    private Instant start = NOON;
    private int hours;
    private Optional<Instant> asleep = Optional.empty();
    private Optional<Instant> deleted = Optional.empty();
    private Optional<Instant> drained = Optional.empty();
    private int steps;
    private boolean held;

    Desk(String uid, Random random) {
      this.uid = uid;
      this.hours = 1 + random.nextInt(2);
    }

    void live(Instant now, boolean reaper, Random random) {
      if (deleted.isPresent()) {
        steps += held ? 0 : 1;
        if (steps > 20) {
          // Another session of the same user.
          uid += "+";
          deleted = Optional.empty();
          start = now;
          steps = 0;
        }
        return;
      }
      Instant end = start.plus(Duration.ofHours(hours));
      if (asleep.isPresent()) {
        if (random.nextInt(40) == 0) {
          asleep = Optional.empty();
          start = now;
        }
      } else if (reaper && !now.isBefore(end)) {
        deleted = Optional.of(now);
      } else if (random.nextInt(500) == 0) {
        hours++;
      } else if (reaper && random.nextInt(300) == 0) {
        asleep = Optional.of(now);
      } else if (random.nextInt(120) == 0) {
        drained = drained.isPresent() ? Optional.empty() : Optional.of(now);
      }
    }

    /** Its finalizer holds it until a new leader has observed its end. */
    void survive(boolean unobserved) {
      held = unobserved && deleted.isPresent() && steps <= FINALIZER_STEPS;
    }

    /** As a leader observes it. */
    List<Notice> due(Instant now) {
      if (held) {
        held = false;
        steps = 0;
      }
      if (deleted.isPresent() && steps > FINALIZER_STEPS) {
        return List.of();
      }
      return Notices.due(
          session(),
          new Notices.Observed(
              Optional.of(new VdiTemplate(ObjectMeta.EMPTY, VdiTemplate.Spec.EMPTY, null)),
              Optional.empty(),
              Optional.empty()),
          SETTINGS,
          now);
    }

    private VdiSession session() {
      Map<String, String> annotations = new HashMap<>();
      deleted.ifPresent(at -> annotations.put(Annotations.ENDED_BY, "timeout"));
      asleep.ifPresent(at -> {
        annotations.put(Annotations.SUSPENDED_BY, "schedule");
        annotations.put(Annotations.SUSPENDED_AT, at.toString());
      });
      return new VdiSession(
          new ObjectMeta(
              uid, "ns", uid, "1", 1, NOON, deleted.orElse(null), null, annotations, null, null, 0),
          new VdiSession.Spec(
              "alice@example.com",
              "ubuntu",
              null,
              null,
              hours + "h",
              null,
              null,
              asleep.isPresent()),
          new VdiSession.Status(
              asleep.isPresent() ? Phase.SUSPENDED : Phase.RUNNING,
              uid,
              "",
              asleep.isPresent() ? null : start,
              null,
              null,
              0,
              "",
              1,
              drained
                  .map(at ->
                      new Condition(Condition.NODE_DRAINING, "True", "NodeCordoned", "", at, 1))
                  .map(List::of)
                  .orElse(List.of())));
    }
  }
}
