package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
  @TempDir private Path folder;

  @Test
  void oneThreadAtATimeHoldsTheLock() throws Exception {
    Path file = folder.resolve("lock");
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<? extends Future<?>> all =
          IntStream.range(0, 64)
              .mapToObj(i ->
                  threads.submit(() ->
                      LockFile.hold(
                          file,
                          () -> {
                            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                            return inside.decrementAndGet();
                          })))
              .toList();
      for (Future<?> one : all) {
        one.get(30, TimeUnit.SECONDS);
      }
    }
    assertThat(most).hasValue(1);
  }

  @Test
  void aThreadCanHoldTwoFiles() {
    String result =
        LockFile.hold(
            folder.resolve("a"), () -> LockFile.hold(folder.resolve("b"), () -> "both held"));
    assertThat(result).isEqualTo("both held");
  }

  @Test
  void aFailureReleasesTheLock() {
    Path file = folder.resolve("lock");
    assertThatThrownBy(() ->
            LockFile.hold(
                file,
                () -> {
                  throw new IllegalStateException("failed");
                }))
        .hasMessage("failed");
    assertThat(LockFile.hold(file, () -> "held")).isEqualTo("held");
  }

  @Test
  void anotherProcessExcludesThisOne() throws Exception {
    Path file = folder.resolve("lock");
    Path release = folder.resolve("release");
    ChildProcess other =
        ChildProcess.start(
            "other",
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ExitWithParent.class.getName(),
                Holder.class.getName(),
                file.toString(),
                release.toString()),
            Map.of(),
            folder.resolve("other.log"));
    try {
      Progress.await(
          () -> "the other process",
          Duration.ofSeconds(20),
          () -> {
            other.requireAlive();
            return other.output().contains("held");
          });
      boolean[] released = {false};
      Thread waiting =
          Thread.ofVirtual()
              .start(() -> LockFile.hold(file, () -> released[0] = Files.exists(release)));
      assertThat(waiting.join(Duration.ofMillis(300))).as("got the lock too early").isFalse();
      Files.createFile(release);
      assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
      assertThat(released[0]).isTrue();
    } finally {
      other.kill();
    }
  }

  @Test
  void aMissingDirectoryIsAnError() {
    Path file = folder.resolve("missing/lock");
    assertThatThrownBy(() -> LockFile.hold(file, () -> "held"))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot lock " + file);
  }

  /** Holds a lock until a file appears. */
  public static final class Holder {
    private Holder() {}

    public static void main(String[] args) {
      LockFile.hold(
          Path.of(args[0]),
          () -> {
            System.out.println("held");
            Progress.await(
                () -> "release", Duration.ofSeconds(60), () -> Files.exists(Path.of(args[1])));
            return true;
          });
    }
  }
}
