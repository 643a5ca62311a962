package io.vdi.operator.reaper.policy;

import java.time.Instant;

/**
 * The CPU and GPU usage of a desktop, compared with {@code spec.busy} of its template;
 * docs/specification.md, section 5.
 */
public sealed interface Load {
  /** The template has no such limit, or nothing ends the session when it is idle. */
  record NotMeasured() implements Load {}

  /** There is no recent sample. Unknown never counts as idle. */
  record Unknown(String reason) implements Load {}

  /** The latest sample was above a limit. */
  record Busy(Instant asOf) implements Load {}

  /**
   * All samples from {@code since} to {@code asOf} were at or below the limits, without a gap.
   *
   * @param since the start of the first measured period
   */
  record Quiet(Instant since, Instant asOf) implements Load {}

  /** The load by two resources: busy by one of them, or quiet by both. */
  default Load and(Load other) {
    return switch (this) {
      case NotMeasured _ -> other;
      case Busy _ -> this;
      case Unknown _ -> other instanceof Busy ? other : this;
      case Quiet quiet ->
          switch (other) {
            case NotMeasured _ -> this;
            case Busy _, Unknown _ -> other;
            case Quiet(Instant since, Instant asOf) ->
                new Quiet(
                    since.isAfter(quiet.since) ? since : quiet.since,
                    asOf.isBefore(quiet.asOf) ? asOf : quiet.asOf);
          };
    };
  }
}
