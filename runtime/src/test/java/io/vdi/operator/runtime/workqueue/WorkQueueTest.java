package io.vdi.operator.runtime.workqueue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkQueueTest {
  private final WorkQueue<Integer> queue = new WorkQueue<>(Backoff.STANDARD, new Random(1));

  @Test
  @DisplayName("keys come in the order of their addition, each once")
  void order() throws InterruptedException {
    queue.add(3);
    queue.add(1);
    queue.add(3);
    queue.add(2);
    assertThat(queue.depth()).isEqualTo(3);
    assertThat(queue.take()).contains(3);
    assertThat(queue.take()).contains(1);
    assertThat(queue.take()).contains(2);
    assertThat(queue.depth()).isZero();
    assertThat(queue.inProgress()).isEqualTo(3);
  }

  @Test
  @DisplayName("keys of low priority come after the others, also after those that are added later")
  void lowPriority() throws InterruptedException {
    queue.addLowPriority(1);
    queue.addLowPriority(2);
    queue.addLowPriority(3);
    queue.add(4);
    queue.add(3);
    queue.addLowPriority(4);
    assertThat(queue.depth()).isEqualTo(4);
    for (int key : new int[] {4, 3, 1, 2}) {
      assertThat(queue.take()).contains(key);
    }
    assertThat(queue.depth()).isZero();
  }

  @Test
  @DisplayName("while others keep coming, one of ten keys is of low priority")
  void lowPriorityIsNotStarved() throws InterruptedException {
    queue.addLowPriority(-1);
    queue.addLowPriority(-2);
    List<Integer> taken = new ArrayList<>();
    for (int key = 0; key < 30; key++) {
      queue.add(key);
      queue.add(key + 1000);
      taken.add(queue.take().orElseThrow());
    }
    assertThat(taken.indexOf(-1)).isEqualTo(9);
    assertThat(taken.indexOf(-2)).isEqualTo(19);
  }

  @Test
  @DisplayName("a key of low priority added while a worker has it comes again")
  void lowPriorityWhileInProgress() throws InterruptedException {
    queue.add(1);
    queue.take();
    queue.addLowPriority(1);
    assertThat(queue.depth()).isEqualTo(1);
    queue.done(1);
    assertThat(queue.take()).contains(1);
  }

  @Test
  @DisplayName("a key added while a worker has it comes again after done, and not before")
  void addedWhileInProgress() throws InterruptedException {
    queue.add(1);
    queue.take();
    queue.add(1);
    queue.add(1);
    queue.add(2);
    assertThat(queue.take()).contains(2);
    queue.done(1);
    assertThat(queue.take()).contains(1);
    queue.done(1);
    queue.done(2);
    assertThat(queue.depth()).isZero();
    assertThat(queue.inProgress()).isZero();
  }

  @Test
  @DisplayName("of two delays the earlier one applies, in whichever order they are set")
  void earlierDelay() throws InterruptedException {
    queue.addAfter(1, Duration.ofHours(1));
    queue.addAfter(1, Duration.ofMillis(5));
    assertThat(queue.take()).contains(1);
    queue.done(1);
    queue.addAfter(2, Duration.ofMillis(5));
    queue.addAfter(2, Duration.ofHours(1));
    assertThat(queue.take()).contains(2);
  }

  @Test
  @DisplayName("delayed keys come in the order of their times and do not count as waiting")
  void delayedOrder() throws InterruptedException {
    queue.addAfter(1, Duration.ofMillis(30));
    queue.addAfter(2, Duration.ofMillis(10));
    queue.addAfter(3, Duration.ofMillis(20));
    assertThat(queue.depth()).isZero();
    assertThat(queue.take()).contains(2);
    assertThat(queue.take()).contains(3);
    assertThat(queue.take()).contains(1);
  }

  @Test
  @DisplayName("add makes a delayed key due and cancels its delay")
  void addBeforeDelay() throws InterruptedException {
    queue.addAfter(1, Duration.ofMillis(20));
    queue.add(1);
    assertThat(queue.take()).contains(1);
    queue.done(1);
    queue.addAfter(2, Duration.ofMillis(40));
    assertThat(queue.take()).as("the cancelled delay of key 1 does not return it").contains(2);
  }

  @Test
  @DisplayName("a delay beyond the range of the clock is not in the past")
  void endlessDelay() throws InterruptedException {
    queue.addAfter(1, Duration.ofSeconds(Long.MAX_VALUE));
    queue.add(2);
    assertThat(queue.take()).contains(2);
    assertThat(queue.depth()).isZero();
  }

  @Test
  @DisplayName("a negative delay is due now")
  void negativeDelay() throws InterruptedException {
    queue.addAfter(1, Duration.ofSeconds(-5));
    assertThat(queue.take()).contains(1);
  }

  @Test
  @DisplayName("many outdated delays of one key leave its last one")
  void outdatedDelays() throws InterruptedException {
    for (int millis = 10_000; millis > 0; millis -= 10) {
      queue.addAfter(1, Duration.ofMillis(millis));
    }
    assertThat(queue.take()).contains(1);
    queue.done(1);
    queue.addAfter(2, Duration.ofMillis(20));
    assertThat(queue.take()).contains(2);
  }

  @Test
  @DisplayName("each failure in a row doubles the delay; a success resets it")
  void retry() throws InterruptedException {
    WorkQueue<Integer> slow =
        new WorkQueue<>(new Backoff(Duration.ofHours(1), Duration.ofHours(5)), new Random(1));
    assertThat(slow.retry(1)).isBetween(Duration.ofMinutes(30), Duration.ofHours(1));
    assertThat(slow.retry(1)).isBetween(Duration.ofHours(1), Duration.ofHours(2));
    assertThat(slow.retry(1)).isBetween(Duration.ofHours(2), Duration.ofHours(4));
    assertThat(slow.retry(1)).isBetween(Duration.ofMinutes(150), Duration.ofHours(5));
    assertThat(slow.retry(2)).isBetween(Duration.ofMinutes(30), Duration.ofHours(1));
    assertThat(slow.retrying()).isEqualTo(2);
    slow.forgetFailures(1);
    assertThat(slow.retrying()).isEqualTo(1);
    assertThat(slow.retry(1)).isBetween(Duration.ofMinutes(30), Duration.ofHours(1));
    assertThat(slow.depth()).isZero();
  }

  @Test
  @DisplayName("a retried key comes after its delay")
  void retriedKeyComes() throws InterruptedException {
    queue.add(1);
    queue.take();
    queue.retry(1);
    queue.done(1);
    assertThat(queue.take()).contains(1);
  }

  @Test
  @DisplayName("close wakes all waiting workers; no key comes any more")
  void close() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(8);
    for (int i = 0; i < 8; i++) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              if (queue.take().isEmpty()) {
                ended.countDown();
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    queue.close();
    ended.await();
    queue.add(1);
    assertThat(queue.take()).isEmpty();
  }
}
