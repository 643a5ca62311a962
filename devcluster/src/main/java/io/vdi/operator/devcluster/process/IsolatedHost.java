package io.vdi.operator.devcluster.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Namespaces for network, mounts and processes on this host. Packets from inside reach this host
 * only, over one link. Mounts and processes inside never outlive it: the kernel ends a process
 * namespace with its first process, which exits when this JVM exits.
 */
public final class IsolatedHost implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(10);
  private static final List<String> NAMESPACES =
      List.of("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc");

  private final ChildProcess holder;
  private final String init;
  private final String address;

  private IsolatedHost(ChildProcess holder, String init, String address) {
    this.holder = holder;
    this.init = init;
    this.address = address;
  }

  /** Why this machine does not support it; empty if it does. */
  public static Optional<String> unsupportedReason() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.of("Linux is required");
    }
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("root is required");
    }
    try {
      Command.run(Stream.concat(NAMESPACES.stream(), Stream.of("true")).toList());
      return Optional.empty();
    } catch (ClusterException e) {
      return Optional.of(e.getMessage().replace("\n", " "));
    }
  }

  /**
   * Creates the namespaces.
   *
   * @param folder directory for the log
   */
  public static IsolatedHost start(Path folder) {
    ChildProcess holder =
        ChildProcess.start(
            "node-host",
            // The first process adopts orphans. It exits when its standard input closes.
            Stream.concat(NAMESPACES.stream(), Stream.of("bash", "-c", "read -r _")).toList(),
            Map.of(),
            folder.resolve("node-host.log"));
    try {
      int link = new Random().nextInt(256 * 64);
      IsolatedHost host = new IsolatedHost(holder, firstProcess(holder), linkAddress(link, 2));
      host.connect("vdi" + holder.pid(), linkAddress(link, 1));
      host.hideHostDirectories();
      return host;
    } catch (RuntimeException e) {
      holder.kill();
      throw e;
    }
  }

  /** The IP address inside, on the link to this host. */
  public String address() {
    return address;
  }

  /** The command that runs the given command inside. */
  public List<String> inside(List<String> command) {
    return Stream.concat(
            Stream.of("nsenter", "--target", init, "--net", "--mount", "--pid", "--"),
            command.stream())
        .toList();
  }

  /** Runs the command inside and returns its standard output. */
  public String run(String... command) {
    return Command.run(inside(List.of(command)));
  }

  /** Kills everything that runs inside. */
  @Override
  public void close() {
    holder.kill();
  }

  /** The address of one end of a link. Each link is a /30 network: four addresses, two usable. */
  private static String linkAddress(int link, int end) {
    return "10.213." + link / 64 + "." + (link % 64 * 4 + end);
  }

  private static String firstProcess(ChildProcess holder) {
    Path children = Path.of("/proc/%d/task/%d/children".formatted(holder.pid(), holder.pid()));
    String[] found = {""};
    Progress.await(
        () -> "the namespaces of the node",
        START,
        () -> {
          holder.requireAlive();
          try {
            found[0] = Files.readString(children).strip();
            // The shell, not unshare before it has started the shell.
            return !found[0].isEmpty()
                && Files.readString(Path.of("/proc", found[0], "comm")).startsWith("bash");
          } catch (IOException e) {
            return false;
          }
        });
    return found[0];
  }

  private void connect(String name, String hostAddress) {
    Command.run(
        List.of("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", init));
    Command.run(List.of("ip", "address", "add", hostAddress + "/30", "dev", name));
    Command.run(List.of("ip", "link", "set", name, "up"));
    run("ip", "link", "set", "lo", "up");
    run("ip", "address", "add", address + "/30", "dev", "eth0");
    run("ip", "link", "set", "eth0", "up");
  }

  /** Hides the directories in which programs of the host keep files under fixed names. */
  private void hideHostDirectories() {
    run("mount", "--make-rshared", "/");
    for (String folder : List.of("/run", "/var/log")) {
      run("mount", "-t", "tmpfs", "tmpfs", folder);
    }
  }
}
