package io.vdi.operator.controller;

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
final class Newcomers {
  /** While sessions wait for a worker: their objects come first. */
  static final Duration QUEUE = Duration.ofSeconds(20);

  /** While they come fast: long enough for a desktop that starts at once. */
  static final Duration BRISK = Duration.ofSeconds(3);

  /** More arrivals than this within {@link #BRISK_WINDOW} are fast. */
  static final int BRISK_ARRIVALS = 30;

  static final Duration BRISK_WINDOW = Duration.ofSeconds(2);

  private final Set<SessionKey> waiting = ConcurrentHashMap.newKeySet();
  private final Deque<Instant> arrivals = new ArrayDeque<>();
  private final int workers;

  Newcomers(int workers) {
    this.workers = workers;
  }

  void arrived(SessionKey key, Instant now) {
    waiting.add(key);
    synchronized (arrivals) {
      arrivals.addLast(now);
      if (arrivals.size() > BRISK_ARRIVALS + 1) {
        arrivals.removeFirst();
      }
    }
  }

  /** A worker looks at it, or it has gone. */
  void begun(SessionKey key) {
    waiting.remove(key);
  }

  /** Zero, {@link #BRISK} or {@link #QUEUE}. */
  Duration patience(Instant now) {
    if (waiting.size() > workers) {
      return QUEUE;
    }
    synchronized (arrivals) {
      return arrivals.size() > BRISK_ARRIVALS
              && arrivals.peekFirst().isAfter(now.minus(BRISK_WINDOW))
          ? BRISK
          : Duration.ZERO;
    }
  }
}
