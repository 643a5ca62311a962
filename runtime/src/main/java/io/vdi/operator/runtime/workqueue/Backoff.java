package io.vdi.operator.runtime.workqueue;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential back-off with jitter: the n-th failure in a row waits between half of and the whole
 * of {@code first * 2^(n-1)}, never more than {@code ceiling}.
 */
public record Backoff(Duration first, Duration ceiling) {
  public static final Backoff STANDARD = new Backoff(Duration.ofMillis(100), Duration.ofMinutes(1));

  /**
   * @param failures how many in a row, from 1
   */
  public Duration delay(int failures, RandomGenerator random) {
    // 2^20 times any sensible first delay is past any sensible ceiling; the bound avoids overflow.
    Duration full = first.multipliedBy(1L << Math.min(Math.max(failures, 1) - 1, 20));
    long millis = Math.max(1, Math.min(full.toMillis(), ceiling.toMillis()));
    return Duration.ofMillis(millis - random.nextLong(millis / 2 + 1));
  }
}
