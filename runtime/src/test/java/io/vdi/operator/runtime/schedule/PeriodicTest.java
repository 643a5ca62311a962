package io.vdi.operator.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;

import ch.qos.logback.classic.Level;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeriodicTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  private final AtomicInteger runs = new AtomicInteger();
  private final CapturedLog log = CapturedLog.of(Periodic.class);

  @AfterEach
  void stopCapture() {
    log.close();
  }

  @Test
  @DisplayName("the first run is immediate, however long the interval is")
  void firstRun() {
    try (Periodic periodic =
        new Periodic("test", Duration.ofDays(1), () -> runs.incrementAndGet())) {
      periodic.start();
      await().untilAtomic(runs, greaterThanOrEqualTo(1));
    }
  }

  @Test
  @DisplayName("runs repeat until close, on a virtual thread with the given name")
  void repeats() throws InterruptedException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    Periodic periodic =
        new Periodic(
            "test",
            SHORT,
            () -> {
              thread.set(Thread.currentThread());
              runs.incrementAndGet();
            });
    periodic.start();
    await().untilAtomic(runs, greaterThanOrEqualTo(3));
    periodic.close();
    assertThat(thread.get().join(Duration.ofSeconds(30))).isTrue();
    assertThat(thread.get().isVirtual()).isTrue();
    assertThat(thread.get().getName()).isEqualTo("test");
  }

  @Test
  @DisplayName("the interval is read after each run")
  void changedInterval() {
    AtomicReference<Duration> interval = new AtomicReference<>(SHORT);
    CountDownLatch reads = new CountDownLatch(2);
    try (Periodic periodic =
        new Periodic(
            "test",
            () -> {
              reads.countDown();
              return reads.getCount() == 0 ? Duration.ofDays(1) : interval.get();
            },
            runs::incrementAndGet)) {
      periodic.start();
      await().until(() -> reads.getCount() == 0);
      assertThat(runs).hasValue(2);
    }
  }

  @Test
  @DisplayName("a failing task runs again; the same error is logged once, another one again")
  void errors() {
    try (Periodic periodic =
        new Periodic(
            "task",
            SHORT,
            () -> {
              int run = runs.incrementAndGet();
              if (run != 4) {
                throw new IllegalStateException(run < 6 ? "first" : "second");
              }
            })) {
      periodic.start();
      await().untilAtomic(runs, greaterThanOrEqualTo(8));
    }
    assertThat(log.messages(Level.ERROR))
        .as("1 to 3 fail alike, 4 succeeds, 5 fails alike again, 6 and later fail otherwise")
        .hasSize(3)
        .allMatch(message -> message.equals("task failed; trying again in PT0.001S"));
  }

  @Test
  @DisplayName("an Error of the task is fatal, and so is an interval that cannot be read")
  void fatalErrors() {
    List<String> fatal = new CopyOnWriteArrayList<>();
    FatalErrorHandler handler = (thread, error) -> fatal.add(thread + ": " + error.getMessage());
    new Periodic(
            "task",
            () -> SHORT,
            () -> {
              throw new NoClassDefFoundError("Missing");
            },
            handler)
        .start();
    await().until(() -> fatal.equals(List.of("task: Missing")));
    fatal.clear();
    new Periodic(
            "task",
            () -> {
              throw new IllegalStateException("no interval");
            },
            () -> {},
            handler)
        .start();
    await().until(() -> fatal.equals(List.of("task: no interval")));
  }

  @Test
  @DisplayName("a task may end the repetition itself")
  void closesItself() throws InterruptedException {
    AtomicReference<Periodic> self = new AtomicReference<>();
    AtomicReference<Thread> thread = new AtomicReference<>();
    self.set(
        new Periodic(
            "test",
            SHORT,
            () -> {
              thread.set(Thread.currentThread());
              runs.incrementAndGet();
              self.get().close();
            }));
    self.get().start();
    await().until(() -> thread.get() != null);
    assertThat(thread.get().join(Duration.ofSeconds(30))).isTrue();
    assertThat(runs).hasValue(1);
  }

  @Test
  @DisplayName("nothing runs when it was closed before the start")
  void closedBeforeStart() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    Periodic periodic =
        new Periodic(
            "test",
            () -> {
              asked.countDown();
              return SHORT;
            },
            runs::incrementAndGet);
    periodic.close();
    periodic.start();
    asked.await();
    assertThat(runs).hasValue(0);
  }
}
