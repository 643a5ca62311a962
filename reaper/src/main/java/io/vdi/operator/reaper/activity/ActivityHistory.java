package io.vdi.operator.reaper.activity;

import io.vdi.operator.reaper.policy.Activity;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What consecutive probes of one desktop show. Between two answers a client may have been
 * connected; only short gaps are ignored. A new history, such as that of a new leader, starts the
 * idle time again.
 *
 * @param activity according to the last probe
 * @param lastAnswer the time of the last answer
 * @param idleSince since when all answers have shown no client; a short gap does not reset it
 * @param lastConnected when a client was last observed
 * @param consecutiveFailures how many probes in a row have failed
 */
record ActivityHistory(
    Activity activity,
    Optional<Instant> lastAnswer,
    Optional<Instant> idleSince,
    Optional<Instant> lastConnected,
    int consecutiveFailures) {
  static final ActivityHistory NONE =
      new ActivityHistory(
          new Activity.Unknown(), Optional.empty(), Optional.empty(), Optional.empty(), 0);

  /**
   * The history with one more probe.
   *
   * @param maxGap a longer time without an answer resets the idle time
   */
  ActivityHistory with(ProbeResult result, Instant now, Duration maxGap) {
    return switch (result) {
      case ProbeResult.NoAnswer _, ProbeResult.NotReported _ ->
          new ActivityHistory(
              new Activity.Unknown(),
              lastAnswer,
              idleSince,
              lastConnected,
              consecutiveFailures + 1);
      case ProbeResult.ConnectedClients(int count) when count > 0 ->
          new ActivityHistory(
              new Activity.Connected(now), Optional.of(now), Optional.empty(), Optional.of(now), 0);
      case ProbeResult.ConnectedClients _ -> {
        boolean withoutGap =
            lastAnswer.filter(last -> !last.plus(maxGap).isBefore(now)).isPresent();
        Instant since = idleSince.filter(before -> withoutGap).orElse(now);
        yield new ActivityHistory(
            new Activity.Idle(since, now), Optional.of(now), Optional.of(since), lastConnected, 0);
      }
    };
  }
}
