package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.Load;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Work, and missing or old data, never count as idle, whatever the sequence of samples. */
class UsageHistoryProperties {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration MAX_AGE = Duration.ofSeconds(65);
  private static final double LIMIT = 0.5;

  /**
   * What the desktop does for some seconds, and what the reaper then gets.
   *
   * @param cores in hundredths
   */
  record Step(int seconds, int cores, Kind kind) {}

  enum Kind {
    SAMPLE,
    MISSING,
    /** The kubelet repeats its previous sample. */
    REPEATED,
    /** The counter begins again at zero. */
    RESET
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            net.jqwik.api.Tuple.of(12, Kind.SAMPLE),
            net.jqwik.api.Tuple.of(2, Kind.MISSING),
            net.jqwik.api.Tuple.of(1, Kind.REPEATED),
            net.jqwik.api.Tuple.of(1, Kind.RESET));
    Arbitrary<Integer> cores =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 45), Arbitraries.integers().between(0, 300));
    return Combinators.combine(Arbitraries.integers().between(1, 90), cores, kinds)
        .as(Step::new)
        .list()
        .ofMaxSize(40);
  }

  /** In a quiet period no measured section used more than the limit, and none is missing. */
  @Property
  void aQuietPeriodHasSamplesWithoutAGapOfWhichNoneIsAboveTheLimit(
      @ForAll("steps") List<Step> steps, @ForAll @IntRange(min = -900, max = 900) int clockSkew) {
    UsageHistory history = UsageHistory.NONE;
    Instant now = START;
    Instant sampled = START;
    double used = 0;
    double counter = 0;
    boolean any = false;
    // Computed independently: until when the desktop was certainly not known to be quiet.
    Instant notQuietUntil = START;
    for (Step step : steps) {
      now = now.plusSeconds(step.seconds());
      used += step.cores() / 100.0 * step.seconds();
      switch (step.kind()) {
        case MISSING -> history = history.missing("no response");
        case REPEATED -> {
          if (any) {
            history = history.with(counter(counter, sampled, now, clockSkew), LIMIT, MAX_AGE);
          }
        }
        case SAMPLE, RESET -> {
          boolean reset = step.kind() == Kind.RESET;
          double before = counter;
          counter = reset ? 0 : counter + used;
          history = history.with(counter(counter, now, now, clockSkew), LIMIT, MAX_AGE);
          Duration section = Duration.between(sampled, now);
          boolean restarted = !any || counter < before || section.compareTo(MAX_AGE) > 0;
          boolean above = !restarted && (counter - before) / section.toSeconds() > LIMIT + 1e-9;
          if (restarted || above) {
            notQuietUntil = now;
          }
          any = true;
          sampled = now;
          used = 0;
        }
      }
      Load load = history.at(now, MAX_AGE);
      if (load instanceof Load.Quiet(Instant since, Instant asOf)) {
        assertThat(since).isBefore(asOf).isAfterOrEqualTo(notQuietUntil);
        assertThat(asOf).isEqualTo(sampled).isAfterOrEqualTo(now.minus(MAX_AGE));
      }
      assertThat(history.at(now.plus(MAX_AGE).plusMillis(1), MAX_AGE))
          .as("without another sample")
          .isInstanceOf(Load.Unknown.class);
    }
  }

  private static UsageHistory.Counter counter(
      double seconds, Instant timestamp, Instant observed, int skew) {
    return new UsageHistory.Counter(seconds, timestamp.plusSeconds(skew), observed);
  }

  private static UsageHistory.Counter counter(double seconds, int at) {
    return counter(seconds, START.plusSeconds(at), START.plusSeconds(at), 0);
  }

  @Example
  void aRenderOf40MinutesIsBusyAndAQuietDesktopIsQuietSinceItsEnd() {
    UsageHistory history = UsageHistory.NONE;
    int at = 0;
    for (double seconds = 0; at <= 2400; at += 30, seconds += 60) {
      history = history.with(counter(seconds, at), LIMIT, MAX_AGE);
    }
    assertThat(history.load()).isEqualTo(new Load.Busy(START.plusSeconds(2400)));
    history = history.with(counter(4801, 2430), LIMIT, MAX_AGE);
    history = history.with(counter(4802, 2460), LIMIT, MAX_AGE);
    assertThat(history.load())
        .isEqualTo(new Load.Quiet(START.plusSeconds(2400), START.plusSeconds(2460)));
  }

  @Example
  void oneSampleOfACounterSaysNothing() {
    assertThat(UsageHistory.NONE.with(counter(5, 0), LIMIT, MAX_AGE).at(START, MAX_AGE))
        .isEqualTo(new Load.Unknown("only one sample yet"));
  }

  @Example
  void oneSampleOfAGaugeIsEnough() {
    UsageHistory history = UsageHistory.NONE.with(7, 20, START, MAX_AGE);
    assertThat(history.load()).isEqualTo(new Load.Quiet(START, START));
    Instant later = START.plusSeconds(60);
    assertThat(history.with(20, 20, later, MAX_AGE).load()).isEqualTo(new Load.Quiet(START, later));
    assertThat(history.with(21, 20, later, MAX_AGE).load()).isEqualTo(new Load.Busy(later));
    Instant late = START.plusSeconds(66);
    assertThat(history.with(7, 20, late, MAX_AGE).load()).isEqualTo(new Load.Quiet(late, late));
  }

  @Example
  void theReasonOfAnUnknownLoadIsTheLatestProblem() {
    UsageHistory history = UsageHistory.NONE.missing("HTTP status 403");
    assertThat(history.at(START, MAX_AGE)).isEqualTo(new Load.Unknown("HTTP status 403"));
    UsageHistory old = UsageHistory.NONE.with(7, 20, START, MAX_AGE).missing("HTTP status 403");
    assertThat(old.at(START.plusSeconds(70), MAX_AGE))
        .isEqualTo(new Load.Unknown("the last sample is 70 s old: HTTP status 403"));
  }

  @Provide
  Arbitrary<Load> loads() {
    Arbitrary<Instant> times = Arbitraries.integers().between(0, 1000).map(START::plusSeconds);
    return Arbitraries.oneOf(
        Arbitraries.just(new Load.NotMeasured()),
        Arbitraries.just(new Load.Unknown("no sample")),
        times.map(Load.Busy::new),
        Combinators.combine(times, times)
            .as((a, b) -> a.isBefore(b) ? new Load.Quiet(a, b) : new Load.Quiet(b, a)));
  }

  @Property
  void aDesktopIsIdleOnlyIfNoClientIsConnectedAndNoMeasuredResourceIsBusyOrUnknown(
      @ForAll("loads") Load cpu, @ForAll("loads") Load gpu) {
    Instant asOf = START.plusSeconds(1000);
    Activity activity = new Activity.Idle(START.plusSeconds(500), asOf).with(cpu.and(gpu));
    List<Load> both = List.of(cpu, gpu);
    boolean busy = both.stream().anyMatch(Load.Busy.class::isInstance);
    boolean unknown = both.stream().anyMatch(Load.Unknown.class::isInstance);
    if (busy) {
      assertThat(activity).isInstanceOf(Activity.Busy.class);
    } else if (unknown) {
      assertThat(activity).isEqualTo(new Activity.Unknown());
    } else {
      Instant since =
          both.stream()
              .map(load ->
                  load instanceof Load.Quiet(Instant quiet, Instant _)
                      ? quiet
                      : START.plusSeconds(500))
              .reduce(START.plusSeconds(500), (a, b) -> a.isAfter(b) ? a : b);
      assertThat(activity).isEqualTo(new Activity.Idle(since, asOf));
    }
    assertThat(new Activity.InUse(asOf).with(cpu)).isEqualTo(new Activity.InUse(asOf));
    assertThat(new Activity.Unknown().with(cpu)).isEqualTo(new Activity.Unknown());
  }
}
