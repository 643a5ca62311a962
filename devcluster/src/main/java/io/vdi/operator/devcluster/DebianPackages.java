package io.vdi.operator.devcluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Programs that come from Debian's packages. */
public final class DebianPackages {
  private DebianPackages() {}

  /**
   * Installs the package where the program is missing, as root; starts no service of it.
   *
   * @throws ClusterException naming the package, where it cannot be installed
   */
  public static void require(String name, Path program) {
    if (Files.isExecutable(program)) {
      return;
    }
    Progress.say("installing Debian package " + name);
    List<String> install = List.of("apt-get", "install", "-y", "--no-install-recommends", name);
    if (!run(install) && !(run(List.of("apt-get", "update")) && run(install))) {
      throw new ClusterException(
          program
              + " is missing and cannot be installed: install the package "
              + name
              + " as root");
    }
  }

  private static boolean run(List<String> command) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
      // As in single-user mode: what is installed does not start its daemons.
      builder.environment().put("RUNLEVEL", "1");
      Process process = builder.start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      boolean done = process.waitFor() == 0;
      if (!done) {
        Progress.say(String.join(" ", command) + " failed: " + output.lines().toList().getLast());
      }
      return done;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
