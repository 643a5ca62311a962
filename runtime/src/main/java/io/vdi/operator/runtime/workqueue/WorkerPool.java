package io.vdi.operator.runtime.workqueue;

import io.vdi.operator.common.thread.FatalErrorHandler;
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

/**
 * Virtual threads that take keys from a {@link WorkQueue} and reconcile them. An exception of a
 * reconcile is logged and its key is retried. An {@link Error} ends the process: otherwise the
 * worker would end silently, and after a few errors none would be left.
 */
public final class WorkerPool<K> {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);

  /**
   * A reconcile that takes longer is stuck: each call to the API server has a time limit of 15
   * seconds, and a reconcile makes only a few.
   */
  private static final Duration STUCK = Duration.ofMinutes(2);

  /** What to do with a key after a reconcile. */
  public sealed interface ReconcileResult {
    /** Nothing until the key is added again. */
    record Done() implements ReconcileResult {}

    /** Success; reconcile again after this time. */
    record RequeueAfter(Duration after) implements ReconcileResult {}

    /** Failure that may pass; reconcile again with back-off. */
    record Retry(String why) implements ReconcileResult {}
  }

  /** Reconciles one key. */
  @FunctionalInterface
  public interface Reconciler<K> {
    ReconcileResult reconcile(K key);
  }

  private final String name;
  private final WorkQueue<K> queue;
  private final int workers;
  private final Reconciler<K> reconciler;
  private final InstantSource clock;
  private final Map<K, Instant> inProgress = new ConcurrentHashMap<>();
  private final CountDownLatch ended;
  private final FatalErrorHandler onFatalError;

  public WorkerPool(
      String name, WorkQueue<K> queue, int workers, Reconciler<K> reconciler, InstantSource clock) {
    this(name, queue, workers, reconciler, clock, FatalErrorHandler.END_PROCESS);
  }

  /**
   * @param onFatalError called when a worker dies
   */
  WorkerPool(
      String name,
      WorkQueue<K> queue,
      int workers,
      Reconciler<K> reconciler,
      InstantSource clock,
      FatalErrorHandler onFatalError) {
    this.name = name;
    this.queue = queue;
    this.workers = workers;
    this.reconciler = reconciler;
    this.clock = clock;
    this.ended = new CountDownLatch(workers);
    this.onFatalError = onFatalError;
  }

  public void start() {
    for (int i = 0; i < workers; i++) {
      onFatalError.thread(name + "-" + i).start(this::run);
    }
  }

  /**
   * Takes no more keys and waits for the reconciles in progress.
   *
   * @return whether all of them finished in time
   */
  public boolean stop(Duration timeout) throws InterruptedException {
    queue.close();
    return ended.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A key whose reconcile takes longer than 2 minutes, if there is one; see liveness. */
  public Optional<K> stuck() {
    Instant limit = clock.instant().minus(STUCK);
    return inProgress.entrySet().stream()
        .filter(entry -> entry.getValue().isBefore(limit))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private void run() {
    try {
      for (Optional<K> key = queue.take(); key.isPresent(); key = queue.take()) {
        reconcile(key.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }

  private void reconcile(K key) {
    inProgress.put(key, clock.instant());
    try {
      switch (reconciler.reconcile(key)) {
        case ReconcileResult.Done() -> queue.forgetFailures(key);
        case ReconcileResult.RequeueAfter(Duration after) -> {
          queue.forgetFailures(key);
          queue.addAfter(key, after);
        }
        case ReconcileResult.Retry(String why) -> {
          Duration delay = queue.retry(key);
          LOG.info("{}: {}; retrying in {} ms", key, why, delay.toMillis());
        }
      }
    } catch (RuntimeException e) {
      // A bug that shows with one key must not end the worker; the key must not be lost either.
      Duration delay = queue.retry(key);
      LOG.error("{}: unexpected error; retrying in {} ms", key, delay.toMillis(), e);
    } finally {
      inProgress.remove(key);
      queue.done(key);
    }
  }
}
