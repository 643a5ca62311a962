package io.vdi.operator.devcluster.build;

import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Programs that come from Debian's packages. */
public final class DebianPackages {
  private DebianPackages() {}

  /**
   * Whether the program is there, after its package was installed if need be; starts no service of
   * it. Only root can do that, and only on Debian.
   */
  public static boolean provide(String name, Path program) {
    if (Files.isExecutable(program)) {
      return true;
    }
    Path lock = Path.of(System.getProperty("java.io.tmpdir"), "vdi-operator-packages.lock");
    try (FileChannel channel =
        FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      // apt-get does not wait for another that some other test has started.
      channel.lock();
      return Files.isExecutable(program) || install(name, program);
    } catch (IOException e) {
      throw new ClusterException("cannot lock " + lock, e);
    }
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
