package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program that exits when this JVM exits. This JVM holds the other end of the program's standard
 * input, and the program exits when that closes. So even kill -9 of this JVM leaves no process
 * behind.
 */
public final class ChildProcess implements AutoCloseable {
  /**
   * How much lower the CPU priority of all programs is than that of this JVM, as for nice(1); 0 by
   * default. The tests that run beside the slowest module set it, so that they do not delay it.
   */
  private static final int NICENESS = Integer.getInteger("vdi.niceness", 0);

  private final String name;
  private final List<String> command;
  private final Map<String, String> environment;
  private final Path log;
  private Process process;

  private ChildProcess(
      String name, List<String> command, Map<String, String> environment, Path log) {
    this.name = name;
    this.command = command;
    this.environment = environment;
    this.log = log;
    this.process = launch();
  }

  /**
   * @param environment variables added to those of this JVM
   * @param log file for standard output and standard error; the program appends to it
   */
  public static ChildProcess start(
      String name, List<String> command, Map<String, String> environment, Path log) {
    return new ChildProcess(name, command, environment, log);
  }

  /** The command with a lower CPU priority, for programs that others must not wait for. */
  public static List<String> inBackground(List<String> command) {
    return nice(10, command);
  }

  private static List<String> nice(int niceness, List<String> command) {
    return niceness == 0
        ? command
        : Stream.concat(Stream.of("nice", "-n", String.valueOf(niceness)), command.stream())
            .toList();
  }

  /** Starts the program again, after {@link #close} or {@link #kill}. */
  public void restart() {
    process = launch();
  }

  public String name() {
    return name;
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Completes when the process exits, for whatever reason. */
  public CompletableFuture<Process> onExit() {
    return process.onExit();
  }

  public int exitStatus() {
    return process.exitValue();
  }

  public Path log() {
    return log;
  }

  /** The output so far. */
  public String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Fails if the process has exited.
   *
   * @throws ClusterException with the exit status and the last lines of the output
   */
  public void requireAlive() {
    if (!isAlive()) {
      List<String> lines = output().lines().toList();
      throw new ClusterException(
          name
              + " exited with status "
              + process.exitValue()
              + "; its last lines ("
              + log
              + "):\n"
              + String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size())));
    }
  }

  /** SIGTERM; see {@link #onExit}. */
  public void terminate() {
    // Not Process.destroy, which also closes standard input: the program would exit immediately.
    process.toHandle().destroy();
  }

  /**
   * SIGKILL: the program cannot clean up. If the command enters namespaces with {@code nsenter},
   * this kills the program inside: {@code nsenter} only waits for it and would leave it behind.
   */
  public void kill() {
    if (command.getFirst().equals("nsenter")) {
      List<ProcessHandle> inside = process.children().toList();
      inside.forEach(ProcessHandle::destroyForcibly);
      // Wait for its end, because a program that is started next may use the same port.
      inside.forEach(
          program -> program.onExit().completeOnTimeout(program, 10, TimeUnit.SECONDS).join());
    }
    process.destroyForcibly();
    awaitExit(10);
  }

  /** SIGTERM, and SIGKILL if the process still runs after 15 seconds. */
  @Override
  public void close() {
    terminate();
    if (!awaitExit(15)) {
      Progress.say(name + " does not stop within 15 s, killing it");
      kill();
    }
  }

  private boolean awaitExit(int seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Process launch() {
    try {
      ProcessBuilder builder = new ProcessBuilder(nice(NICENESS, command));
      builder.environment().putAll(environment);
      builder.environment().put("DEVCLUSTER_EXIT_WITH_PARENT", "1");
      return builder
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new ClusterException("cannot start " + name + ": " + e.getMessage(), e);
    }
  }
}
