package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;

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

/** An unknown activity never counts as idle, whatever the sequence of probes. */
class ActivityHistoryProperties {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration MAX_GAP = Duration.ofSeconds(100);

  record Step(int secondsLater, ProbeResult answer) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<ProbeResult> answers =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(6, Arbitraries.just(new ProbeResult.ConnectedClients(0))),
            net.jqwik.api.Tuple.of(2, Arbitraries.just(new ProbeResult.ConnectedClients(2))),
            net.jqwik.api.Tuple.of(3, Arbitraries.just(new ProbeResult.NoAnswer("silent"))),
            net.jqwik.api.Tuple.of(1, Arbitraries.just(new ProbeResult.NotReported("none"))));
    return Combinators.combine(Arbitraries.integers().between(1, 200), answers)
        .as(Step::new)
        .list()
        .ofMaxSize(40);
  }

  @Property
  void idleTimeCountsFromTheFirstOfTheAnswersThatShowNoClientWithoutAGap(
      @ForAll("steps") List<Step> steps) {
    ActivityHistory history = ActivityHistory.NONE;
    Instant now = START;
    // Computed independently: the first of the latest answers without a client and without a gap.
    Optional<Instant> emptySince = Optional.empty();
    Optional<Instant> lastAnswer = Optional.empty();
    for (Step step : steps) {
      now = now.plusSeconds(step.secondsLater());
      history = history.with(step.answer(), now, MAX_GAP);
      switch (step.answer()) {
        case ProbeResult.NoAnswer _, ProbeResult.NotReported _ ->
            assertThat(history.activity()).isEqualTo(new Activity.Unknown());
        case ProbeResult.ConnectedClients(int count) when count > 0 -> {
          assertThat(history.activity()).isEqualTo(new Activity.Connected(now));
          emptySince = Optional.empty();
          lastAnswer = Optional.of(now);
        }
        case ProbeResult.ConnectedClients _ -> {
          Instant at = now;
          boolean broken = lastAnswer.filter(last -> !last.plus(MAX_GAP).isBefore(at)).isEmpty();
          emptySince = broken ? Optional.of(now) : emptySince.or(() -> Optional.of(at));
          lastAnswer = Optional.of(now);
          assertThat(history.activity()).isEqualTo(new Activity.Idle(emptySince.get(), now));
        }
      }
    }
  }

  @Example
  void aNewHistoryStartsTheIdleTime() {
    assertThat(
            ActivityHistory.NONE
                .with(new ProbeResult.ConnectedClients(0), START, MAX_GAP)
                .activity())
        .isEqualTo(new Activity.Idle(START, START));
  }

  @Example
  void aShortGapDoesNotResetTheIdleTimeAndALongOneDoes() {
    ActivityHistory failed =
        ActivityHistory.NONE
            .with(new ProbeResult.ConnectedClients(0), START, MAX_GAP)
            .with(new ProbeResult.NoAnswer("busy"), START.plusSeconds(30), MAX_GAP);
    assertThat(failed.consecutiveFailures()).isEqualTo(1);
    Instant early = START.plusSeconds(60);
    assertThat(failed.with(new ProbeResult.ConnectedClients(0), early, MAX_GAP).activity())
        .isEqualTo(new Activity.Idle(START, early));
    Instant late = START.plusSeconds(200);
    assertThat(failed.with(new ProbeResult.ConnectedClients(0), late, MAX_GAP).activity())
        .isEqualTo(new Activity.Idle(late, late));
  }

  @Example
  void anAnswerResetsTheFailures() {
    ActivityHistory history = ActivityHistory.NONE;
    for (int i = 1; i <= 3; i++) {
      history = history.with(new ProbeResult.NoAnswer("busy"), START, MAX_GAP);
      assertThat(history.consecutiveFailures()).isEqualTo(i);
    }
    history = history.with(new ProbeResult.ConnectedClients(1), START, MAX_GAP);
    assertThat(history.consecutiveFailures()).isZero();
    assertThat(history.lastConnected()).contains(START);
  }
}
