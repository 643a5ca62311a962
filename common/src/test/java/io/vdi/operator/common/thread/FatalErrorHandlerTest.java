package io.vdi.operator.common.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FatalErrorHandlerTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final FatalErrorHandler handler =
      (thread, error) -> failures.add(thread + ": " + error.getMessage());

  @Test
  @DisplayName("the handler receives the name of the thread and what it threw")
  void reportsTheDeath() throws InterruptedException {
    Thread thread =
        handler
            .thread("worker-1")
            .start(() -> {
              throw new StackOverflowError("too deep");
            });
    assertThat(thread.join(SOON)).isTrue();
    assertThat(thread.getName()).isEqualTo("worker-1");
    assertThat(thread.isVirtual()).isTrue();
    assertThat(failures).containsExactly("worker-1: too deep");
  }

  @Test
  @DisplayName("a thread that ends normally is no failure")
  void normalEnd() throws InterruptedException {
    assertThat(handler.thread("worker-1").start(() -> {}).join(SOON)).isTrue();
    assertThat(failures).isEmpty();
  }

  @Test
  @DisplayName("END_PROCESS exits with its own status, although other threads still run")
  void endsTheProcess() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                DyingProcess.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(FatalErrorHandler.EXIT_STATUS);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The main thread waits forever; the worker dies of an Error. */
  static final class DyingProcess {
    private DyingProcess() {}

    public static void main(String[] args) throws InterruptedException {
      FatalErrorHandler.END_PROCESS
          .thread("worker")
          .start(() -> {
            throw new NoClassDefFoundError("io/vdi/Missing");
          });
      Thread.currentThread().join();
    }
  }
}
