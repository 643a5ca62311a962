package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.IdleOn;
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

  private static ProbeResult clients(int count) {
    return new ProbeResult.ConnectedClients(count, Optional.empty());
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<ProbeResult> answers =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(6, Arbitraries.just(clients(0))),
            net.jqwik.api.Tuple.of(2, Arbitraries.just(clients(2))),
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
      history = history.with(step.answer(), IdleOn.DISCONNECT, now, MAX_GAP);
      switch (step.answer()) {
        case ProbeResult.NoAnswer _, ProbeResult.NotReported _ ->
            assertThat(history.activity()).isEqualTo(new Activity.Unknown());
        case ProbeResult.ConnectedClients(int count, Optional<Duration> _) when count > 0 -> {
          assertThat(history.activity()).isEqualTo(new Activity.InUse(now));
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
    assertThat(ActivityHistory.NONE.with(clients(0), IdleOn.DISCONNECT, START, MAX_GAP).activity())
        .isEqualTo(new Activity.Idle(START, START));
  }

  @Example
  void aShortGapDoesNotResetTheIdleTimeAndALongOneDoes() {
    ActivityHistory failed =
        ActivityHistory.NONE
            .with(clients(0), IdleOn.DISCONNECT, START, MAX_GAP)
            .with(
                new ProbeResult.NoAnswer("busy"),
                IdleOn.DISCONNECT,
                START.plusSeconds(30),
                MAX_GAP);
    assertThat(failed.consecutiveFailures()).isEqualTo(1);
    Instant early = START.plusSeconds(60);
    assertThat(failed.with(clients(0), IdleOn.DISCONNECT, early, MAX_GAP).activity())
        .isEqualTo(new Activity.Idle(START, early));
    Instant late = START.plusSeconds(200);
    assertThat(failed.with(clients(0), IdleOn.DISCONNECT, late, MAX_GAP).activity())
        .isEqualTo(new Activity.Idle(late, late));
  }

  @Example
  void anAnswerResetsTheFailures() {
    ActivityHistory history = ActivityHistory.NONE;
    for (int i = 1; i <= 3; i++) {
      history = history.with(new ProbeResult.NoAnswer("busy"), IdleOn.DISCONNECT, START, MAX_GAP);
      assertThat(history.consecutiveFailures()).isEqualTo(i);
    }
    history = history.with(clients(1), IdleOn.DISCONNECT, START, MAX_GAP);
    assertThat(history.consecutiveFailures()).isZero();
    assertThat(history.lastActivity()).contains(START);
  }

  /**
   * What happens in a desktop between two probes.
   *
   * @param input how many seconds before the next probe the last input is; empty: there is none
   * @param reported whether the next answer has the time of the last input
   * @param delay of the answer, in milliseconds
   */
  record Use(int millisLater, Optional<Integer> input, int clients, boolean reported, int delay) {}

  @Provide
  Arbitrary<List<Use>> uses() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 200_000),
            Arbitraries.integers().between(0, 200).optional(0.4),
            Arbitraries.integers().between(0, 2),
            Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(9, Arbitraries.just(true)),
                net.jqwik.api.Tuple.of(1, Arbitraries.just(false))),
            Arbitraries.integers().between(0, 900))
        .as(Use::new)
        .list()
        .ofMaxSize(40);
  }

  @Property
  void withoutInputAnOpenTabIsIdleFromTheLastInputOn(@ForAll("uses") List<Use> uses) {
    ActivityHistory history = ActivityHistory.NONE;
    Instant now = START;
    Instant lastInput = START.minusSeconds(50);
    Instant lastUnreported = Instant.MIN;
    Instant lastSince = Instant.MIN;
    for (Use use : uses) {
      Instant before = now;
      now = now.plusMillis(use.millisLater());
      if (use.input().isPresent()) {
        Instant at = now.minusSeconds(use.input().get());
        lastInput = at.isAfter(before) ? at : lastInput;
      }
      // The answer takes some time, so the input seems to be later.
      Duration sinceInput = Duration.between(lastInput, now).minusMillis(use.delay());
      Optional<Duration> reported =
          Optional.of(sinceInput.isNegative() ? Duration.ZERO : sinceInput)
              .filter(_ -> use.reported());
      history =
          history.with(
              new ProbeResult.ConnectedClients(use.clients(), reported),
              IdleOn.NO_INPUT,
              now,
              MAX_GAP);
      if (!use.reported() && use.clients() > 0) {
        assertThat(history.activity()).isEqualTo(new Activity.Unknown());
        lastUnreported = now;
      } else if (history.activity() instanceof Activity.Idle(Instant since, Instant asOf)) {
        assertThat(asOf).isEqualTo(now);
        assertThat(since).isBeforeOrEqualTo(now);
        if (use.reported()) {
          Instant used = lastInput.isAfter(lastUnreported) ? lastInput : lastUnreported;
          assertThat(Duration.between(since, used).abs())
              .as("the last input, or the last time at which there may have been some")
              .isLessThanOrEqualTo(Duration.ofSeconds(1));
          assertThat(since).as("it never moves back").isAfterOrEqualTo(lastSince);
          lastSince = since;
        }
      } else {
        assertThat(history.activity()).isEqualTo(new Activity.InUse(now));
        assertThat(Duration.between(lastInput, history.lastActivity().orElseThrow()))
            .as("the new input")
            .isBetween(Duration.ZERO, Duration.ofSeconds(1));
      }
    }
  }

  @Example
  void withoutTheTimeOfTheLastInputOnlyADesktopWithoutClientsIsIdle() {
    ActivityHistory open = ActivityHistory.NONE.with(clients(1), IdleOn.NO_INPUT, START, MAX_GAP);
    assertThat(open.activity()).isEqualTo(new Activity.Unknown());
    assertThat(open.consecutiveFailures()).isEqualTo(1);
    Instant later = START.plusSeconds(30);
    ActivityHistory closed = open.with(clients(0), IdleOn.NO_INPUT, later, MAX_GAP);
    assertThat(closed.activity()).isEqualTo(new Activity.Idle(later, later));
    assertThat(closed.consecutiveFailures()).isZero();
    assertThat(closed.lastActivity()).contains(START);
  }

  @Example
  void aNewHistoryKnowsTheLastInputFromTheDesktop() {
    assertThat(
            ActivityHistory.NONE
                .with(
                    new ProbeResult.ConnectedClients(1, Optional.of(Duration.ofHours(1))),
                    IdleOn.NO_INPUT,
                    START,
                    MAX_GAP)
                .activity())
        .isEqualTo(new Activity.Idle(START.minus(Duration.ofHours(1)), START));
  }

  @Example
  void aTemplateThatChangesToNoInputEndsNoSessionEarlier() {
    assertThat(
            ActivityHistory.NONE
                .with(clients(1), IdleOn.DISCONNECT, START, MAX_GAP)
                .with(
                    new ProbeResult.ConnectedClients(1, Optional.of(Duration.ofHours(1))),
                    IdleOn.NO_INPUT,
                    START.plusSeconds(30),
                    MAX_GAP)
                .activity())
        .isEqualTo(new Activity.Idle(START, START.plusSeconds(30)));
  }
}
