package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ExitWithParentTest {
  @Test
  void exitsWhenStandardInputCloses() throws Exception {
    Process process = start(Endless.class, "a", "b");
    try (BufferedReader output = process.inputReader()) {
      assertThat(output.readLine()).isEqualTo("started with [a, b]");
      process.getOutputStream().close();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as("like after SIGTERM").isEqualTo(128 + 15);
  }

  @Test
  void exitsWithAnErrorWhenTheMainClassFails() throws Exception {
    Process process = start(Failing.class, "no number");
    try {
      String output = new String(process.getInputStream().readAllBytes());
      assertThat(process.waitFor()).isEqualTo(1);
      assertThat(output).contains("For input string: \"no number\"");
    } finally {
      process.destroyForcibly();
    }
  }

  private static Process start(Class<?> main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ExitWithParent.class.getName(),
                main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Runs until it is stopped. */
  public static final class Endless {
    private Endless() {}

    public static void main(String[] args) throws InterruptedException {
      System.out.println("started with " + List.of(args));
      Thread.currentThread().join();
    }
  }

  /** Fails at the start if its argument is not a number. */
  public static final class Failing {
    private Failing() {}

    public static void main(String[] args) {
      System.out.println(Integer.parseInt(args[0]));
    }
  }
}
