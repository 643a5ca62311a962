package io.vdi.operator.devcluster.build;

import io.vdi.operator.devcluster.process.LockFile;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Installs programs from Debian packages. */
public final class DebianPackages {
  private DebianPackages() {}

  /**
   * Installs a package if its program is missing. Does not start the services of the package.
   *
   * @return whether the program is there; installing requires root and Debian
   */
  public static boolean provide(String name, Path program) {
    if (Files.isExecutable(program)) {
      return true;
    }
    // apt-get fails if another apt-get runs, for example for a test of another module.
    return LockFile.hold(
        Path.of(System.getProperty("java.io.tmpdir"), "vdi-operator-packages.lock"),
        () -> Files.isExecutable(program) || install(name, program));
  }

  private static boolean install(String name, Path program) {
    Progress.say("installing Debian package " + name);
    List<String> install = List.of("apt-get", "install", "-y", "--no-install-recommends", name);
    boolean installed = run(install) || (run(List.of("apt-get", "update")) && run(install));
    if (!installed) {
      Progress.say(program + " is missing: install the package " + name + " as root");
    }
    return installed;
  }

  private static boolean run(List<String> command) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
      // Runlevel 1 (single-user mode) prevents the package from starting its services.
      builder.environment().put("RUNLEVEL", "1");
      Process process = builder.start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      boolean done = process.waitFor() == 0;
      if (!done) {
        Progress.say(
            String.join(" ", command)
                + " failed: "
                + output.lines().reduce((first, second) -> second).orElse(""));
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
