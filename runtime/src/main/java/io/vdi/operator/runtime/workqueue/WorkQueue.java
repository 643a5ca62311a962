package io.vdi.operator.runtime.workqueue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * Keys that want attention, each at most once, in the order in which they came. A key that is being
 * worked on is not handed out a second time; if it is added meanwhile it comes again when its
 * worker is done. Nothing added is ever lost, and there is no bound but the number of keys.
 */
public final class WorkQueue<K> {
  private record Later<K>(K key, long atNanos) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<K> ready = new ArrayDeque<>();
  private final Set<K> waiting = new HashSet<>();
  private final Set<K> inProgress = new HashSet<>();
  private final PriorityQueue<Later<K>> later =
      new PriorityQueue<>(Comparator.comparingLong(Later::atNanos));
  private final Map<K, Long> dueNanos = new HashMap<>();
  private final Map<K, Integer> failures = new HashMap<>();
  private final Backoff backoff;
  private final RandomGenerator random;
  private boolean closed;

  public WorkQueue(Backoff backoff, RandomGenerator random) {
    this.backoff = backoff;
    this.random = random;
  }

  /** Asks for attention now. */
  public void add(K key) {
    lock.lock();
    try {
      dueNanos.remove(key);
      enqueue(key);
    } finally {
      lock.unlock();
    }
  }

  /** Asks for attention after a while; where an earlier time is already set, that one stays. */
  public void addAfter(K key, Duration delay) {
    lock.lock();
    try {
      // Half the range of the clock stands for ever: the sum must not wrap round.
      long wait = Math.min(saturatedNanos(delay), Long.MAX_VALUE / 2);
      long at = System.nanoTime() + Math.max(0, wait);
      Long due = dueNanos.get(key);
      if (due == null || at - due < 0) {
        dueNanos.put(key, at);
        forgetStale();
        later.add(new Later<>(key, at));
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Asks again after a failure, each time in a row later than the last. Returns the delay. */
  public Duration retry(K key) {
    lock.lock();
    try {
      Duration delay = backoff.delay(failures.merge(key, 1, Integer::sum), random);
      addAfter(key, delay);
      return delay;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets the failures of a key that has succeeded. */
  public void forgetFailures(K key) {
    lock.lock();
    try {
      failures.remove(key);
    } finally {
      lock.unlock();
    }
  }

  /** How many keys have failed and not succeeded since. */
  public int retrying() {
    lock.lock();
    try {
      return failures.size();
    } finally {
      lock.unlock();
    }
  }

  /** The next key, waiting for one; empty when the queue is closed. Call {@link #done} after it. */
  public Optional<K> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed) {
        long wait = promoteDue();
        K key = ready.poll();
        if (key != null) {
          waiting.remove(key);
          inProgress.add(key);
          if (!ready.isEmpty() || !later.isEmpty()) {
            // Another has to take over: the next key, or the watch over the next delayed one.
            changed.signal();
          }
          return Optional.of(key);
        }
        if (wait == Long.MAX_VALUE) {
          changed.await();
        } else {
          changed.awaitNanos(wait);
        }
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** The worker of this key is done with it. */
  public void done(K key) {
    lock.lock();
    try {
      inProgress.remove(key);
      if (waiting.contains(key)) {
        ready.add(key);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Keys that wait for a worker now; delayed ones are not counted. */
  public int depth() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /** Keys that a worker has in hand. */
  public int inProgress() {
    lock.lock();
    try {
      return inProgress.size();
    } finally {
      lock.unlock();
    }
  }

  /** No key is handed out any more. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void enqueue(K key) {
    if (waiting.add(key) && !inProgress.contains(key)) {
      ready.add(key);
      changed.signal();
    }
  }

  /** Keys that were told otherwise meanwhile must not fill the memory until their old time. */
  private void forgetStale() {
    if (later.size() > 2 * dueNanos.size() + 64) {
      later.clear();
      dueNanos.forEach((key, at) -> later.add(new Later<>(key, at)));
    }
  }

  /** Moves what is due to the ready ones; returns the nanoseconds until the next is due. */
  private long promoteDue() {
    long now = System.nanoTime();
    while (!later.isEmpty()) {
      Later<K> next = later.peek();
      Long due = dueNanos.get(next.key());
      boolean stale = due == null || due != next.atNanos();
      if (!stale && next.atNanos() - now > 0) {
        return next.atNanos() - now;
      }
      later.poll();
      if (!stale) {
        dueNanos.remove(next.key());
        enqueue(next.key());
      }
    }
    return Long.MAX_VALUE;
  }

  private static long saturatedNanos(Duration delay) {
    return TimeUnit.NANOSECONDS.convert(delay);
  }
}
