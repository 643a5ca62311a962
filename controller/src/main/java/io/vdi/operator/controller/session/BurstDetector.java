package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.SessionKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How busy we are with new sessions, and so how long it may wait to be said that others are Pending
 * or Creating.
 */
public final class BurstDetector {
  /** While sessions wait for a worker: their objects come first. */
  static final Duration QUEUED_DELAY = Duration.ofSeconds(20);

  /** While they come fast: long enough for a desktop that starts at once. */
  static final Duration BURST_DELAY = Duration.ofSeconds(3);

  /** More arrivals than this within {@link #BURST_WINDOW} are fast. */
  static final int BURST_ARRIVALS = 30;

  static final Duration BURST_WINDOW = Duration.ofSeconds(2);

  private final Set<SessionKey> waiting = ConcurrentHashMap.newKeySet();
  private final Deque<Instant> arrivals = new ArrayDeque<>();
  private final int workers;

  public BurstDetector(int workers) {
    this.workers = workers;
  }

  public void arrived(SessionKey key, Instant now) {
    waiting.add(key);
    synchronized (arrivals) {
      arrivals.addLast(now);
      if (arrivals.size() > BURST_ARRIVALS + 1) {
        arrivals.removeFirst();
      }
    }
  }

  /** A worker looks at it, or it has gone. */
  void started(SessionKey key) {
    waiting.remove(key);
  }

  /** Zero, {@link #BURST_DELAY} or {@link #QUEUED_DELAY}. */
  Duration statusDelay(Instant now) {
    if (waiting.size() > workers) {
      return QUEUED_DELAY;
    }
    synchronized (arrivals) {
      return arrivals.size() > BURST_ARRIVALS
              && arrivals.peekFirst().isAfter(now.minus(BURST_WINDOW))
          ? BURST_DELAY
          : Duration.ZERO;
    }
  }
}
