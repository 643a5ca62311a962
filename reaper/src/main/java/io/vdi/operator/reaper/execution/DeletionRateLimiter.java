package io.vdi.operator.reaper.execution;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Deletions are limited: in no minute more than so many. */
public final class DeletionRateLimiter {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Deque<Long> spent = new ArrayDeque<>();
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  public DeletionRateLimiter(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Takes one, or returns after how long there may be one again. */
  synchronized Optional<Duration> take(int perMinute) {
    long now = nanoTime.getAsLong();
    while (!spent.isEmpty() && now - spent.peekFirst() >= MINUTE) {
      spent.removeFirst();
    }
    if (spent.size() < perMinute) {
      spent.addLast(now);
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(MINUTE - (now - spent.peekFirst())).plusMillis(1));
  }
}
