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
 * A program that lives no longer than this JVM. We hold the other end of its standard input and the
 * program ends when that closes, so nothing is left behind even by kill -9 of this JVM.
 */
public final class ChildProcess implements AutoCloseable {
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
   * @param environment added to this JVM's own
   * @param log where its output goes
   */
  public static ChildProcess start(
      String name, List<String> command, Map<String, String> environment, Path log) {
    return new ChildProcess(name, command, environment, log);
  }

  /** A command that leaves the processors to others where they are short. */
  public static List<String> inBackground(List<String> command) {
    return Stream.concat(Stream.of("nice", "-n", "10"), command.stream()).toList();
  }

  /** Starts the same again, after {@link #close} or {@link #kill}. */
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

  /** Completes when it ends, whether told to or not. */
  public CompletableFuture<Process> onExit() {
    return process.onExit();
  }

  public int exitStatus() {
    return process.exitValue();
  }

  public Path log() {
    return log;
  }

  /** What it wrote so far. */
  public String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return "";
    }
  }

  /** For a failure message: that it ended, and its last lines. */
  public void requireAlive() {
    if (!isAlive()) {
      List<String> lines = output().lines().toList();
      throw new ClusterException(
          name
              + " ended with status "
              + process.exitValue()
              + "; its last lines ("
              + log
              + "):\n"
              + String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size())));
    }
  }

  /** SIGTERM; see {@link #onExit}. */
  public void terminate() {
    // By the handle: Process.destroy would close its standard input too, which kills it at once.
    process.toHandle().destroy();
  }

  /** SIGKILL: no chance to tidy up. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd(10);
  }

  /** SIGTERM, and SIGKILL where that does not end it within 15 seconds. */
  @Override
  public void close() {
    terminate();
    if (!awaitEnd(15)) {
      Progress.say(name + " does not end, killing it");
      kill();
    }
  }

  private boolean awaitEnd(int seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Process launch() {
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
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
