package io.vdi.operator.runtime.workqueue;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Virtual threads that take keys from a queue and work on them, until told to stop. */
public final class WorkerPool<K> {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);

  /** A piece of work that takes longer is stuck: every call that it makes has a shorter limit. */
  private static final Duration STUCK = Duration.ofMinutes(2);

  /** What is to become of a key after one pass. */
  public sealed interface ReconcileResult {
    /** Nothing to do until something changes. */
    record Done() implements ReconcileResult {}

    /** It went well; look again after this time. */
    record RequeueAfter(Duration after) implements ReconcileResult {}

    /** It did not go well and may yet: look again with back-off. */
    record Retry(String why) implements ReconcileResult {}
  }

  /** One pass over one key. */
  @FunctionalInterface
  public interface Reconciler<K> {
    ReconcileResult reconcile(K key);
  }

  private final String name;
  private final WorkQueue<K> queue;
  private final int workers;
  private final Reconciler<K> work;
  private final InstantSource clock;
  private final Map<K, Instant> underWay = new ConcurrentHashMap<>();
  private final CountDownLatch ended;

  public WorkerPool(
      String name, WorkQueue<K> queue, int workers, Reconciler<K> work, InstantSource clock) {
    this.name = name;
    this.queue = queue;
    this.workers = workers;
    this.work = work;
    this.clock = clock;
    this.ended = new CountDownLatch(workers);
  }

  public void start() {
    for (int i = 0; i < workers; i++) {
      Thread.ofVirtual().name(name + "-" + i).start(this::run);
    }
  }

  /**
   * Takes no more work and waits for what is under way.
   *
   * @return whether all of it was finished in that time
   */
  public boolean stop(Duration patience) throws InterruptedException {
    queue.close();
    return ended.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * The key on which a worker has been for too long, if there is one: then the loop is not live.
   */
  public Optional<K> stuck() {
    Instant limit = clock.instant().minus(STUCK);
    return underWay.entrySet().stream()
        .filter(entry -> entry.getValue().isBefore(limit))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private void run() {
    try {
      for (Optional<K> key = queue.take(); key.isPresent(); key = queue.take()) {
        pass(key.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }

  private void pass(K key) {
    underWay.put(key, clock.instant());
    try {
      switch (work.reconcile(key)) {
        case ReconcileResult.Done() -> queue.forgetFailures(key);
        case ReconcileResult.RequeueAfter(Duration after) -> {
          queue.forgetFailures(key);
          queue.addAfter(key, after);
        }
        case ReconcileResult.Retry(String why) -> {
          Duration delay = queue.retry(key);
          LOG.info("{}: {}; again in {} ms", key, why, delay.toMillis());
        }
      }
    } catch (RuntimeException e) {
      // A bug of ours on one key must not end a worker, and must not be forgotten either.
      Duration delay = queue.retry(key);
      LOG.error("{}: unexpected failure; again in {} ms", key, delay.toMillis(), e);
    } finally {
      underWay.remove(key);
      queue.done(key);
    }
  }
}
