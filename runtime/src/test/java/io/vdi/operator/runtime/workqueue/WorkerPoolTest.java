package io.vdi.operator.runtime.workqueue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.is;

import ch.qos.logback.classic.Level;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import io.vdi.operator.runtime.workqueue.WorkerPool.Reconciler;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final WorkQueue<Integer> queue =
      new WorkQueue<>(new Backoff(Duration.ofMillis(2), Duration.ofMillis(10)), new Random(1));
  private final CapturedLog log = CapturedLog.of(WorkerPool.class);
  private volatile Instant now = Instant.parse("2026-01-01T12:00:00Z");

  @AfterEach
  void stop() {
    queue.close();
    log.close();
  }

  @Test
  @DisplayName("Done ends the work on a key until it is added again")
  void done() {
    AtomicInteger runs = new AtomicInteger();
    start(
        1,
        key -> {
          runs.incrementAndGet();
          return new ReconcileResult.Done();
        });
    queue.add(1);
    await().untilAtomic(runs, is(1));
    queue.add(1);
    await().untilAtomic(runs, is(2));
    await().until(() -> queue.inProgress() == 0);
    assertThat(queue.retrying()).isZero();
  }

  @Test
  @DisplayName("RequeueAfter reconciles again after the time and resets the back-off")
  void requeueAfter() {
    AtomicInteger runs = new AtomicInteger();
    start(
        1,
        key ->
            switch (runs.incrementAndGet()) {
              case 1 -> new ReconcileResult.Retry("not yet");
              case 2 -> new ReconcileResult.RequeueAfter(Duration.ofMillis(1));
              default -> new ReconcileResult.Done();
            });
    queue.add(1);
    await().untilAtomic(runs, is(3));
    await().until(() -> queue.inProgress() == 0);
    assertThat(queue.retrying()).isZero();
  }

  @Test
  @DisplayName("Retry reconciles again with back-off and logs key, reason and delay")
  void retry() {
    AtomicInteger runs = new AtomicInteger();
    start(
        1,
        key ->
            runs.incrementAndGet() < 3
                ? new ReconcileResult.Retry("the API server is down")
                : new ReconcileResult.Done());
    queue.add(7);
    await().untilAtomic(runs, is(3));
    assertThat(log.messages(Level.INFO))
        .hasSize(2)
        .allMatch(line -> line.matches("7: the API server is down; retrying in \\d+ ms"));
    await().until(() -> queue.retrying() == 0);
  }

  @Test
  @DisplayName("an exception is logged, its key is retried, and the worker continues with others")
  void exception() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    CountDownLatch other = new CountDownLatch(1);
    start(
        1,
        key -> {
          if (key == 2) {
            other.countDown();
          } else if (runs.incrementAndGet() < 3) {
            throw new IllegalStateException("a bug");
          }
          return new ReconcileResult.Done();
        });
    queue.add(1);
    queue.add(2);
    other.await();
    await().untilAtomic(runs, is(3));
    assertThat(log.messages(Level.ERROR))
        .hasSize(2)
        .allMatch(line -> line.startsWith("1: unexpected error; retrying in "));
  }

  @Test
  @DisplayName("an Error of a reconcile is fatal: the worker does not end silently")
  void error() {
    List<String> fatal = new CopyOnWriteArrayList<>();
    new WorkerPool<>(
            "test",
            queue,
            1,
            key -> {
              throw new StackOverflowError("too deep");
            },
            () -> now,
            (thread, error) -> fatal.add(thread + ": " + error.getMessage()))
        .start();
    queue.add(1);
    await().until(() -> fatal.equals(List.of("test-0: too deep")));
  }

  @Test
  @DisplayName("a key whose reconcile takes longer than two minutes is stuck")
  void stuck() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    WorkerPool<Integer> pool =
        start(
            1,
            key -> {
              started.countDown();
              awaitLatch(release);
              return new ReconcileResult.Done();
            });
    assertThat(pool.stuck()).isEmpty();
    queue.add(5);
    started.await();
    now = now.plus(Duration.ofMinutes(2));
    assertThat(pool.stuck()).isEmpty();
    now = now.plusMillis(1);
    assertThat(pool.stuck()).contains(5);
    release.countDown();
    await().until(() -> pool.stuck().equals(Optional.empty()));
  }

  @Test
  @DisplayName("stop waits for the reconciles in progress and takes no further key")
  void stopWaits() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(2);
    CountDownLatch release = new CountDownLatch(1);
    Set<Integer> finished = ConcurrentHashMap.newKeySet();
    WorkerPool<Integer> pool =
        start(
            2,
            key -> {
              started.countDown();
              awaitLatch(release);
              finished.add(key);
              return new ReconcileResult.Done();
            });
    queue.add(1);
    queue.add(2);
    queue.add(3);
    started.await();
    assertThat(pool.stop(Duration.ofMillis(1))).as("two are still in progress").isFalse();
    release.countDown();
    assertThat(pool.stop(SOON)).isTrue();
    assertThat(finished).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  @DisplayName("5,000 delayed keys are each reconciled once")
  void manyDelayedKeys() throws InterruptedException {
    int keys = 5000;
    Map<Integer, Integer> runs = new ConcurrentHashMap<>();
    WorkerPool<Integer> pool =
        start(
            64,
            key -> {
              runs.merge(key, 1, Integer::sum);
              return new ReconcileResult.Done();
            });
    Random random = new Random(7);
    for (int i = 0; i < keys; i++) {
      queue.addAfter(i, Duration.ofMillis(random.nextInt(300)));
    }
    await().until(() -> runs.size() == keys);
    assertThat(pool.stop(SOON)).isTrue();
    assertThat(runs.values()).containsOnly(1);
  }

  @Test
  @DisplayName("two workers never have the same key, and no addition is lost")
  void concurrentAdditions() throws InterruptedException {
    int keys = 50;
    Set<Integer> inProgress = ConcurrentHashMap.newKeySet();
    Map<Integer, AtomicInteger> lastSeen = counters(keys);
    Map<Integer, AtomicInteger> lastAdded = counters(keys);
    AtomicInteger concurrent = new AtomicInteger();
    WorkerPool<Integer> pool =
        start(
            32,
            key -> {
              if (!inProgress.add(key)) {
                concurrent.incrementAndGet();
              }
              lastSeen.get(key).set(lastAdded.get(key).get());
              Thread.onSpinWait();
              inProgress.remove(key);
              return key % 7 == 0
                  ? new ReconcileResult.RequeueAfter(Duration.ofMillis(1))
                  : new ReconcileResult.Done();
            });
    Random random = new Random(3);
    for (int i = 0; i < 50_000; i++) {
      int key = random.nextInt(keys);
      lastAdded.get(key).incrementAndGet();
      queue.add(key);
    }
    await()
        .until(() ->
            lastAdded.entrySet().stream()
                .allMatch(e -> lastSeen.get(e.getKey()).get() == e.getValue().get()));
    assertThat(concurrent).hasValue(0);
    assertThat(pool.stop(SOON)).isTrue();
  }

  private WorkerPool<Integer> start(int workers, Reconciler<Integer> reconciler) {
    InstantSource clock = () -> now;
    WorkerPool<Integer> pool = new WorkerPool<>("test", queue, workers, reconciler, clock);
    pool.start();
    return pool;
  }

  private static Map<Integer, AtomicInteger> counters(int keys) {
    Map<Integer, AtomicInteger> counters = new ConcurrentHashMap<>();
    for (int key = 0; key < keys; key++) {
      counters.put(key, new AtomicInteger());
    }
    return counters;
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
