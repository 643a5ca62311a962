package io.vdi.operator.reaper.execution;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Limits deletions to N per minute, in every period of one minute. */
public final class DeletionRateLimiter {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Deque<Long> deletions = new ArrayDeque<>();
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime such as {@link System#nanoTime}
   */
  public DeletionRateLimiter(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Counts one deletion, or returns after how long the next one is allowed. */
  synchronized Optional<Duration> tryAcquire(int perMinute) {
    long now = nanoTime.getAsLong();
    while (!deletions.isEmpty() && now - deletions.peekFirst() >= MINUTE) {
      deletions.removeFirst();
    }
    if (deletions.size() < perMinute) {
      deletions.addLast(now);
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(MINUTE - (now - deletions.peekFirst())).plusMillis(1));
  }
}
