package io.vdi.operator.reaper.activity;

import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.reaper.policy.Activity;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What consecutive probes of one desktop show. Between two answers a client may have been
 * connected; only short gaps are ignored. A new history, such as that of a new leader, starts the
 * time without a client again. The desktop itself remembers the last input, so neither a gap nor a
 * new history changes that.
 *
 * @param activity according to the last probe
 * @param lastAnswer the time of the last answer
 * @param idleSince since when all answers have shown no client; a short gap does not reset it
 * @param lastActivity when a client last used the desktop, or may have used it
 * @param consecutiveFailures how many probes in a row have not shown whether it is used
 */
record ActivityHistory(
    Activity activity,
    Optional<Instant> lastAnswer,
    Optional<Instant> idleSince,
    Optional<Instant> lastActivity,
    int consecutiveFailures) {
  static final ActivityHistory NONE =
      new ActivityHistory(
          new Activity.Unknown(), Optional.empty(), Optional.empty(), Optional.empty(), 0);

  /**
   * Answers take different times, so the same input seems to move by less than this. It must not:
   * its time determines when the session ends, which users are told.
   */
  private static final Duration INPUT_TOLERANCE = Duration.ofSeconds(1);

  /**
   * The history with one more probe.
   *
   * @param maxGap a longer time without an answer resets the time without a client
   */
  ActivityHistory with(ProbeResult result, IdleOn idleOn, Instant now, Duration maxGap) {
    return switch (result) {
      case ProbeResult.NoAnswer _, ProbeResult.NotReported _ ->
          new ActivityHistory(
              new Activity.Unknown(), lastAnswer, idleSince, lastActivity, consecutiveFailures + 1);
      case ProbeResult.ConnectedClients(int count, Optional<Duration> sinceInput) ->
          switch (idleOn) {
            case DISCONNECT -> count > 0 ? used(now) : withoutClient(now, maxGap);
            case NO_INPUT ->
                sinceInput
                    .map(age -> withInput(now.minus(age), now))
                    .orElseGet(() -> count > 0 ? perhapsUsed(now) : withoutClient(now, maxGap));
          };
    };
  }

  private ActivityHistory used(Instant now) {
    return new ActivityHistory(
        new Activity.InUse(now), Optional.of(now), Optional.empty(), Optional.of(now), 0);
  }

  /** A client is connected, and its input is not reported. */
  private ActivityHistory perhapsUsed(Instant now) {
    return new ActivityHistory(
        new Activity.Unknown(),
        Optional.of(now),
        Optional.empty(),
        Optional.of(now),
        consecutiveFailures + 1);
  }

  private ActivityHistory withoutClient(Instant now, Duration maxGap) {
    boolean withoutGap = lastAnswer.filter(last -> !last.plus(maxGap).isBefore(now)).isPresent();
    Instant since = idleSince.filter(before -> withoutGap).orElse(now);
    return new ActivityHistory(
        new Activity.Idle(since, now), Optional.of(now), Optional.of(since), lastActivity, 0);
  }

  /** The time never moves back, such as with the answer after one that did not have it. */
  private ActivityHistory withInput(Instant input, Instant now) {
    Instant last =
        lastActivity.filter(before -> !input.isAfter(before.plus(INPUT_TOLERANCE))).orElse(input);
    boolean used = lastActivity.filter(last::isAfter).isPresent();
    return new ActivityHistory(
        used ? new Activity.InUse(now) : new Activity.Idle(last, now),
        Optional.of(now),
        Optional.empty(),
        Optional.of(last),
        0);
  }
}
