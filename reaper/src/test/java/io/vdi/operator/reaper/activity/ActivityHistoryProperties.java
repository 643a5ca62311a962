package io.vdi.operator.reaper.activity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.reaper.policy.Activity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Unknown is never idle, whatever the row of answers. */
class ActivityHistoryProperties {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration GAP = Duration.ofSeconds(100);

  record Step(int secondsLater, ProbeResult answer) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<ProbeResult> answers =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(6, Arbitraries.just(new ProbeResult.ConnectedClients(0))),
            net.jqwik.api.Tuple.of(2, Arbitraries.just(new ProbeResult.ConnectedClients(2))),
            net.jqwik.api.Tuple.of(3, Arbitraries.just(new ProbeResult.NoAnswer("silent"))));
    return Combinators.combine(Arbitraries.integers().between(1, 200), answers)
        .as(Step::new)
        .list()
        .ofMaxSize(40);
  }

  @Property
  void idleIsOnlyTheTimeOverWhichNobodyWasSeenWithoutAGap(@ForAll("steps") List<Step> steps) {
    ActivityHistory history = ActivityHistory.NONE;
    Instant now = START;
    // By hand: the first answer of the row of "nobody" that is not broken.
    Optional<Instant> emptySince = Optional.empty();
    Optional<Instant> lastAnswer = Optional.empty();
    for (Step step : steps) {
      now = now.plusSeconds(step.secondsLater());
      history = history.and(step.answer(), now, GAP);
      switch (step.answer()) {
        case ProbeResult.NoAnswer nothing ->
            assertTrue(history.activity() instanceof Activity.Unknown);
        case ProbeResult.ConnectedClients(int count) when count > 0 -> {
          assertEquals(new Activity.Connected(now), history.activity());
          emptySince = Optional.empty();
          lastAnswer = Optional.of(now);
        }
        case ProbeResult.ConnectedClients nobody -> {
          Instant at = now;
          boolean broken = lastAnswer.filter(last -> !last.plus(GAP).isBefore(at)).isEmpty();
          emptySince = broken ? Optional.of(now) : emptySince.or(() -> Optional.of(at));
          lastAnswer = Optional.of(now);
          assertEquals(new Activity.Idle(emptySince.get(), now), history.activity());
        }
      }
    }
  }

  @Example
  void aNewHistoryKnowsNothingOfTheTimeBefore() {
    assertEquals(
        new Activity.Idle(START, START),
        ActivityHistory.NONE.and(new ProbeResult.ConnectedClients(0), START, GAP).activity());
  }

  @Example
  void oneSilenceIsASlipALongOneIsNot() {
    ActivityHistory idle =
        ActivityHistory.NONE.and(new ProbeResult.ConnectedClients(0), START, GAP);
    ActivityHistory slip =
        idle.and(new ProbeResult.NoAnswer("busy"), START.plusSeconds(30), GAP)
            .and(new ProbeResult.ConnectedClients(0), START.plusSeconds(60), GAP);
    assertEquals(new Activity.Idle(START, START.plusSeconds(60)), slip.activity());
    ActivityHistory gone =
        idle.and(new ProbeResult.NoAnswer("busy"), START.plusSeconds(30), GAP)
            .and(new ProbeResult.ConnectedClients(0), START.plusSeconds(200), GAP);
    assertEquals(
        new Activity.Idle(START.plusSeconds(200), START.plusSeconds(200)), gone.activity());
  }
}
