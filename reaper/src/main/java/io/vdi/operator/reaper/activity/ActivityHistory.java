package io.vdi.operator.reaper.activity;

import io.vdi.operator.reaper.policy.Activity;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What a row of answers of one desktop says. While it gives none somebody may be there; and a new
 * history, such as that of a new leader, knows nothing of the time before.
 *
 * @param activity as of the last answer
 * @param lastAnswer when it was last understood
 * @param idleSince since when, by the answers, nobody has been there; survives a slip
 * @param lastConnected when somebody was seen for the last time
 * @param consecutiveFailures how many times in a row it gave no answer
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
   * The history with one more answer.
   *
   * @param gap a silence longer than this is no slip: what was before it does not count any more
   */
  ActivityHistory and(ProbeResult answer, Instant now, Duration gap) {
    return switch (answer) {
      case ProbeResult.NoAnswer nothing ->
          new ActivityHistory(
              new Activity.Unknown(),
              lastAnswer,
              idleSince,
              lastConnected,
              consecutiveFailures + 1);
      case ProbeResult.ConnectedClients(int count) when count > 0 ->
          new ActivityHistory(
              new Activity.Connected(now), Optional.of(now), Optional.empty(), Optional.of(now), 0);
      case ProbeResult.ConnectedClients nobody -> {
        boolean slip = lastAnswer.filter(last -> !last.plus(gap).isBefore(now)).isPresent();
        Instant since = idleSince.filter(before -> slip).orElse(now);
        yield new ActivityHistory(
            new Activity.Idle(since, now), Optional.of(now), Optional.of(since), lastConnected, 0);
      }
    };
  }
}
