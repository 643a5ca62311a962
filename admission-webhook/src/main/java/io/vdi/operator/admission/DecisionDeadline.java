package io.vdi.operator.admission;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The end of the time for one decision, over all calls that it needs. The API server does not wait
 * longer for the webhook than its configuration says, and fails the request of the user then.
 *
 * @param total the whole time, for messages
 */
record DecisionDeadline(Duration total, long endNanos, LongSupplier elapsedNanos) {
  static DecisionDeadline in(Duration total, LongSupplier elapsedNanos) {
    return new DecisionDeadline(total, elapsedNanos.getAsLong() + total.toNanos(), elapsedNanos);
  }

  /** Zero if the time is over. */
  Duration remaining() {
    return Duration.ofNanos(Math.max(0, endNanos - elapsedNanos.getAsLong()));
  }

  boolean isOver() {
    return remaining().isZero();
  }
}
