package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs a program and waits until it exits. */
public final class Command {
  private Command() {}

  /**
   * Runs the command and returns its standard output. Standard input is empty.
   *
   * @throws ClusterException with standard error, if the exit status is not 0
   */
  public static String run(List<String> command) {
    return run(command, Map.of());
  }

  /** The same with additional environment variables. */
  public static String run(List<String> command, Map<String, String> environment) {
    String what = Path.of(command.getFirst()).getFileName().toString();
    try {
      Path errors = Files.createTempFile(what + "-", ".txt");
      try {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
          throw new ClusterException(
              String.join(" ", command.subList(0, Math.min(command.size(), 3)))
                  + " failed:\n"
                  + Files.readString(errors).strip());
        }
        return output;
      } finally {
        Files.delete(errors);
      }
    } catch (IOException e) {
      throw new ClusterException("cannot run " + what + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClusterException("interrupted while running " + what, e);
    }
  }
}
