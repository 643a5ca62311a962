package io.vdi.operator.reaper.activity;

import io.vdi.operator.reaper.policy.Load;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What consecutive samples of one resource of one pod show. A missing sample changes nothing;
 * {@link #at} says whether the last one is recent enough.
 *
 * @param load according to the latest sample
 * @param last the latest sample of a counter
 * @param problem why the latest attempt had no sample; empty if it had one
 */
record UsageHistory(Load load, Optional<Counter> last, String problem) {
  static final UsageHistory NONE =
      new UsageHistory(new Load.Unknown("no sample yet"), Optional.empty(), "");

  /**
   * A sample of a counter of CPU time.
   *
   * @param timestamp by the clock of the node
   * @param observed by the clock of the API server. The clocks can differ: only timestamps of the
   *     same node are compared with each other
   */
  record Counter(double seconds, Instant timestamp, Instant observed) {}

  /** The history after an attempt without a sample. */
  UsageHistory missing(String reason) {
    return new UsageHistory(load, last, reason);
  }

  /**
   * The history with a sample of a counter. The usage is the average since the previous sample. A
   * counter that has been reset, and a gap of more than {@code maxGap}, start the history again.
   *
   * @param limit in cores
   */
  UsageHistory with(Counter sample, double limit, Duration maxGap) {
    if (last.filter(before -> before.timestamp().equals(sample.timestamp())).isPresent()) {
      return missing("the node has not measured it again");
    }
    Optional<Counter> start =
        last.filter(before ->
            before.timestamp().isBefore(sample.timestamp())
                && before.seconds() <= sample.seconds()
                && isWithin(maxGap, before.observed(), sample.observed()));
    Load next =
        start
            .<Load>map(before -> {
              double cores =
                  (sample.seconds() - before.seconds())
                      / (Duration.between(before.timestamp(), sample.timestamp()).toNanos() / 1e9);
              return cores > limit
                  ? new Load.Busy(sample.observed())
                  : new Load.Quiet(
                      load instanceof Load.Quiet(Instant since, Instant _)
                          ? since
                          : before.observed(),
                      sample.observed());
            })
            .orElseGet(() -> new Load.Unknown("only one sample yet"));
    return new UsageHistory(next, Optional.of(sample), "");
  }

  /**
   * The history with a sample of a gauge.
   *
   * @param limit in the unit of the gauge
   */
  UsageHistory with(double value, double limit, Instant now, Duration maxGap) {
    Load next =
        value > limit
            ? new Load.Busy(now)
            : new Load.Quiet(
                load instanceof Load.Quiet(Instant since, Instant asOf)
                        && isWithin(maxGap, asOf, now)
                    ? since
                    : now,
                now);
    return new UsageHistory(next, Optional.empty(), "");
  }

  /** What is known at this time: a load that is older than {@code maxAge} is unknown. */
  Load at(Instant now, Duration maxAge) {
    return switch (load) {
      case Load.Unknown(String reason) -> new Load.Unknown(problem.isEmpty() ? reason : problem);
      case Load.Busy(Instant asOf) -> isWithin(maxAge, asOf, now) ? load : old(asOf, now);
      case Load.Quiet(Instant _, Instant asOf) ->
          isWithin(maxAge, asOf, now) ? load : old(asOf, now);
      case Load.NotMeasured _ -> load;
    };
  }

  private Load old(Instant asOf, Instant now) {
    return new Load.Unknown(
        "the last sample is %d s old%s"
            .formatted(
                Duration.between(asOf, now).toSeconds(), problem.isEmpty() ? "" : ": " + problem));
  }

  private static boolean isWithin(Duration limit, Instant from, Instant to) {
    return !from.plus(limit).isBefore(to);
  }
}
