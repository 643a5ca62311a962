package io.vdi.operator.runtime.workqueue;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential back-off with jitter: the delay after the n-th failure in a row is random between the
 * half and the whole of {@code first * 2^(n-1)}, and at most {@code ceiling}. Jitter spreads the
 * retries of keys that failed together.
 */
public record Backoff(Duration first, Duration ceiling) {
  public static final Backoff STANDARD = new Backoff(Duration.ofMillis(100), Duration.ofMinutes(1));

  /**
   * The delay before the next attempt.
   *
   * @param failures in a row, from 1
   */
  public Duration delay(int failures, RandomGenerator random) {
    // 2^20 times any realistic first delay exceeds any realistic ceiling; more would overflow.
    Duration full = first.multipliedBy(1L << Math.min(Math.max(failures, 1) - 1, 20));
    long millis = Math.max(1, Math.min(full.toMillis(), ceiling.toMillis()));
    return Duration.ofMillis(millis - random.nextLong(millis / 2 + 1));
  }
}
