package io.vdi.operator.reaper.policy;

import java.time.Instant;

/** What is known about the use of a desktop: its clients, and the work that it does. */
public sealed interface Activity {
  /** Nothing: the desktop was not asked, or did not answer. Unknown never counts as idle. */
  record Unknown() implements Activity {}

  /**
   * A client used the desktop at this time: it was connected or, with {@code idleOn: NoInput}, had
   * given input since the answer before.
   */
  record InUse(Instant asOf) implements Activity {}

  /** No client used it, and its load was above a limit of {@code spec.busy} at this time. */
  record Busy(Instant asOf) implements Activity {}

  /**
   * No client used the desktop at the time {@code asOf}.
   *
   * @param since the last time at which a client did, or may have, or at which the desktop was busy
   */
  record Idle(Instant since, Instant asOf) implements Activity {}

  /** The activity with what is known about the load: a desktop is idle only if its load is too. */
  default Activity with(Load load) {
    return switch (this) {
      case Unknown _, InUse _, Busy _ -> this;
      case Idle(Instant since, Instant asOf) ->
          switch (load) {
            case Load.NotMeasured _ -> this;
            case Load.Unknown _ -> new Unknown();
            case Load.Busy(Instant time) -> new Busy(time);
            case Load.Quiet(Instant quiet, Instant _) ->
                new Idle(quiet.isAfter(since) ? quiet : since, asOf);
          };
    };
  }
}
