package io.vdi.operator.runtime.workqueue;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * A queue of keys to reconcile. Each key is in it at most once, in the order of its addition. Keys
 * of low priority come after the others, as in controller-runtime's priority queue: otherwise a new
 * session would wait until a new leader has reconciled all that exist. A key is never given to two
 * workers: one that is added while a worker has it is queued again when the worker is done. No
 * addition is lost. The size is bounded only by the number of keys.
 *
 * <p>Why not the queue of the client library: docs/decisions/own-queue.md.
 */
public final class WorkQueue<K> {
  /** Of this many keys one is of low priority, even while others wait. */
  private static final int LOW_PRIORITY_SHARE = 10;

  private record Delayed<K>(K key, long atNanos) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final LinkedHashSet<K> ready = new LinkedHashSet<>();
  private final LinkedHashSet<K> lowPriority = new LinkedHashSet<>();

  /** Those that were added while a worker has them. */
  private final Set<K> again = new HashSet<>();

  private final Set<K> inProgress = new HashSet<>();
  private final PriorityQueue<Delayed<K>> delayed =
      new PriorityQueue<>(Comparator.comparingLong(Delayed::atNanos));
  private final Map<K, Long> dueNanos = new HashMap<>();
  private final Map<K, Integer> failures = new HashMap<>();
  private final Backoff backoff;
  private final RandomGenerator random;
  private boolean closed;
  private int taken;

  public WorkQueue(Backoff backoff, RandomGenerator random) {
    this.backoff = backoff;
    this.random = random;
  }

  /** Queues a key now. */
  public void add(K key) {
    lock.lock();
    try {
      dueNanos.remove(key);
      enqueue(key);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Queues a key of which no change is known, for example because all keys are checked again. A key
   * that waits already keeps its place.
   */
  public void addLowPriority(K key) {
    lock.lock();
    try {
      dueNanos.remove(key);
      if (inProgress.contains(key)) {
        again.add(key);
      } else if (!ready.contains(key) && lowPriority.add(key)) {
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Queues a key after the delay. If it is due earlier already, the earlier time stays. */
  public void addAfter(K key, Duration delay) {
    lock.lock();
    try {
      // Half the range of the clock is as good as forever, and the sum must not overflow.
      long wait = Math.min(saturatedNanos(delay), Long.MAX_VALUE / 2);
      long at = System.nanoTime() + Math.max(0, wait);
      Long due = dueNanos.get(key);
      if (due == null || at - due < 0) {
        dueNanos.put(key, at);
        removeStale();
        delayed.add(new Delayed<>(key, at));
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Queues a key after a failure, with a delay that grows with each failure in a row.
   *
   * @return the delay
   */
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

  /** Resets the back-off of a key, after a success. */
  public void forgetFailures(K key) {
    lock.lock();
    try {
      failures.remove(key);
    } finally {
      lock.unlock();
    }
  }

  /** The number of keys that have failed since their last success. */
  public int retrying() {
    lock.lock();
    try {
      return failures.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the next key. The worker must call {@link #done} when it has finished with it.
   *
   * @return empty when the queue is closed
   */
  public Optional<K> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed) {
        long wait = promoteDue();
        if (!ready.isEmpty() || !lowPriority.isEmpty()) {
          K key = next();
          inProgress.add(key);
          if (!ready.isEmpty() || !lowPriority.isEmpty() || !delayed.isEmpty()) {
            // Wake another worker for the next key, or to wait for the next delayed one.
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

  private K next() {
    taken++;
    boolean low = ready.isEmpty() || (!lowPriority.isEmpty() && taken % LOW_PRIORITY_SHARE == 0);
    return low ? lowPriority.removeFirst() : ready.removeFirst();
  }

  /** Marks the key as finished by its worker. */
  public void done(K key) {
    lock.lock();
    try {
      inProgress.remove(key);
      if (again.remove(key)) {
        enqueue(key);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The number of keys that wait for a worker; delayed keys are not counted. */
  public int depth() {
    lock.lock();
    try {
      return ready.size() + lowPriority.size() + again.size();
    } finally {
      lock.unlock();
    }
  }

  /** The number of keys that a worker has. */
  public int inProgress() {
    lock.lock();
    try {
      return inProgress.size();
    } finally {
      lock.unlock();
    }
  }

  /** Ends all waiting; {@link #take} returns no key from now on. */
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
    if (inProgress.contains(key)) {
      again.add(key);
    } else if (ready.add(key) && !lowPriority.remove(key)) {
      changed.signal();
    }
  }

  /** Removes entries with an outdated time, so that they do not use memory until that time. */
  private void removeStale() {
    if (delayed.size() > 2 * dueNanos.size() + 64) {
      delayed.clear();
      dueNanos.forEach((key, at) -> delayed.add(new Delayed<>(key, at)));
    }
  }

  /**
   * Moves the keys that are due to the ready ones.
   *
   * @return nanoseconds until the next one is due
   */
  private long promoteDue() {
    long now = System.nanoTime();
    while (!delayed.isEmpty()) {
      Delayed<K> next = delayed.peek();
      Long due = dueNanos.get(next.key());
      boolean stale = due == null || due != next.atNanos();
      if (!stale && next.atNanos() - now > 0) {
        return next.atNanos() - now;
      }
      delayed.poll();
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
