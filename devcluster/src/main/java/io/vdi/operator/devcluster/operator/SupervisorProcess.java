package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.Progress;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The background process of a {@link Supervisor}: starts it, finds it again, stops it. */
record SupervisorProcess(Checkout checkout) {
  /** Enough for the first run, which builds all programs. */
  private static final Duration START = Duration.ofMinutes(15);

  private static final Duration STOP = Duration.ofSeconds(40);

  /** Whether the cluster and the operator are ready. */
  boolean isReady() {
    return find().isPresent() && Files.exists(checkout.readyFile());
  }

  /** Starts the process and waits until it is ready. It outlives this JVM. */
  void start() {
    // A session of its own, so that Ctrl-C in the terminal does not stop it.
    follow(launch(List.of("setsid"), List.of(), ProcessBuilder.Redirect.from(nothing())));
  }

  /** Starts a process that exits with this JVM, and waits until it is ready. */
  Process startWithParent() {
    Process process =
        launch(List.of(), List.of(ExitWithParent.class.getName()), ProcessBuilder.Redirect.PIPE);
    follow(process);
    return process;
  }

  /**
   * Stops the process and waits until it has exited.
   *
   * @return whether there was one
   */
  boolean stop() {
    Optional<ProcessHandle> process = find();
    process.ifPresent(running -> {
      running.destroy();
      Progress.await(() -> "the cluster and the operator to stop", STOP, () -> !running.isAlive());
    });
    return process.isPresent();
  }

  private static File nothing() {
    return Path.of("/dev/null").toFile();
  }

  private Process launch(
      List<String> before, List<String> wrapper, ProcessBuilder.Redirect standardInput) {
    FileTree.delete(checkout.readyFile());
    List<String> command = new ArrayList<>(before);
    command.add(OperatorProcess.java().toString());
    command.addAll(
        List.of("-XX:+UseSerialGC", "-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.addAll(wrapper);
    command.add(Supervisor.class.getName());
    try {
      Files.createDirectories(checkout.state());
      Files.writeString(log(), "");
      Process process =
          new ProcessBuilder(command)
              .directory(checkout.root().toFile())
              .redirectErrorStream(true)
              .redirectInput(standardInput)
              .redirectOutput(log().toFile())
              .start();
      Files.writeString(pidFile(), String.valueOf(process.pid()));
      return process;
    } catch (IOException e) {
      throw new ClusterException("cannot start the supervisor: " + e.getMessage(), e);
    }
  }

  /** Shows the output of the supervisor until it is ready. */
  private void follow(Process process) {
    try (BufferedReader output = Files.newBufferedReader(log())) {
      Progress.await(
          () -> "the cluster and the operator to start",
          START,
          () -> {
            boolean ready = Files.exists(checkout.readyFile());
            boolean alive = process.isAlive();
            show(output);
            if (!alive && !ready) {
              throw new ClusterException("the cluster did not start; see above");
            }
            return ready;
          });
    } catch (IOException e) {
      throw new ClusterException("cannot read " + log(), e);
    }
  }

  private void show(BufferedReader output) {
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        System.err.println(line);
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read " + log(), e);
    }
  }

  /** The process, if its number has not been reused by another program. */
  private Optional<ProcessHandle> find() {
    try {
      long pid = Long.parseLong(Files.readString(pidFile()).strip());
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .filter(handle -> commandLine(pid).contains(Supervisor.class.getName()));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** From /proc, because ProcessHandle returns no command line if it is long. */
  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline"));
    } catch (IOException e) {
      return "";
    }
  }

  private Path log() {
    return checkout.state().resolve("supervisor.log");
  }

  private Path pidFile() {
    return checkout.state().resolve("supervisor.pid");
  }
}
