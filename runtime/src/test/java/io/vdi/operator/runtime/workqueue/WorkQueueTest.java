package io.vdi.operator.runtime.workqueue;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkQueueTest {
  private final WorkQueue<Integer> queue = new WorkQueue<>(Backoff.STANDARD, new Random(1));

  @Test
  void aKeyAddedTwiceComesOnce() throws InterruptedException {
    queue.add(1);
    queue.add(1);
    queue.add(2);
    assertEquals(Optional.of(1), queue.take());
    assertEquals(Optional.of(2), queue.take());
    assertEquals(0, queue.depth());
  }

  @Test
  void aKeyAddedWhileItIsWorkedOnComesAgainAfterwardsAndNotBefore() throws InterruptedException {
    queue.add(1);
    queue.take();
    queue.add(1);
    queue.add(2);
    assertEquals(Optional.of(2), queue.take());
    queue.done(1);
    assertEquals(Optional.of(1), queue.take());
  }

  @Test
  void theEarlierOfTwoDelaysHolds() throws InterruptedException {
    queue.addAfter(1, Duration.ofHours(1));
    queue.addAfter(1, Duration.ofMillis(5));
    assertEquals(Optional.of(1), queue.take());
  }

  @Test
  void aDelayWithoutEndIsNoPast() throws InterruptedException {
    queue.addAfter(1, Duration.ofSeconds(Long.MAX_VALUE));
    queue.add(2);
    assertEquals(Optional.of(2), queue.take());
    assertEquals(0, queue.depth());
  }

  @Test
  void closingWakesAllWhoWait() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(8);
    for (int i = 0; i < 8; i++) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              queue.take();
              ended.countDown();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    queue.close();
    ended.await();
  }

  @Test
  void fiveThousandDelayedKeysAllComeThrough() throws InterruptedException {
    int keys = 5000;
    Map<Integer, Integer> seen = new ConcurrentHashMap<>();
    WorkerPool<Integer> loop =
        new WorkerPool<>(
            "test",
            queue,
            64,
            key -> {
              seen.merge(key, 1, Integer::sum);
              return new WorkerPool.ReconcileResult.Done();
            },
            InstantSource.system());
    loop.start();
    Random random = new Random(7);
    for (int i = 0; i < keys; i++) {
      queue.addAfter(i, Duration.ofMillis(random.nextInt(300)));
    }
    await().until(() -> seen.size() == keys);
    assertTrue(seen.values().stream().allMatch(times -> times == 1));
    assertTrue(loop.stop(Duration.ofSeconds(5)));
  }

  @Test
  void neverTwoWorkersOnOneKeyAndNothingIsLost() throws InterruptedException {
    Set<Integer> inHand = ConcurrentHashMap.newKeySet();
    Map<Integer, AtomicInteger> lastSeen = new ConcurrentHashMap<>();
    Map<Integer, AtomicInteger> lastAdded = new ConcurrentHashMap<>();
    AtomicInteger twice = new AtomicInteger();
    for (int k = 0; k < 50; k++) {
      lastSeen.put(k, new AtomicInteger());
      lastAdded.put(k, new AtomicInteger());
    }
    WorkerPool<Integer> loop =
        new WorkerPool<>(
            "test",
            queue,
            32,
            key -> {
              if (!inHand.add(key)) {
                twice.incrementAndGet();
              }
              lastSeen.get(key).set(lastAdded.get(key).get());
              Thread.onSpinWait();
              inHand.remove(key);
              return key % 7 == 0
                  ? new WorkerPool.ReconcileResult.RequeueAfter(Duration.ofMillis(1))
                  : new WorkerPool.ReconcileResult.Done();
            },
            InstantSource.system());
    loop.start();
    Random random = new Random(3);
    for (int i = 0; i < 50_000; i++) {
      int key = random.nextInt(50);
      lastAdded.get(key).incrementAndGet();
      queue.add(key);
    }
    await()
        .until(() ->
            lastAdded.entrySet().stream()
                .allMatch(e -> lastSeen.get(e.getKey()).get() == e.getValue().get()));
    assertEquals(0, twice.get());
    assertTrue(loop.stop(Duration.ofSeconds(5)));
  }

  @Test
  void aWorkThatThrowsIsTriedAgainAndOthersGoOn() throws InterruptedException {
    AtomicInteger tries = new AtomicInteger();
    CountDownLatch other = new CountDownLatch(1);
    WorkerPool<Integer> loop =
        new WorkerPool<>(
            "test",
            queue,
            1,
            key -> {
              if (key == 2) {
                other.countDown();
              } else if (tries.incrementAndGet() < 3) {
                throw new IllegalStateException("a bug");
              }
              return new WorkerPool.ReconcileResult.Done();
            },
            InstantSource.system());
    loop.start();
    queue.add(1);
    queue.add(2);
    other.await();
    await().untilAtomic(tries, org.hamcrest.Matchers.is(3));
    assertTrue(loop.stop(Duration.ofSeconds(5)));
  }
}
