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
 * A machine of our own on this one: namespaces for network, mounts and processes. From inside, no
 * packet reaches more than this host, over one link; nothing that is mounted or started inside
 * outlives it, for the kernel ends a process namespace with its first process, and that ends when
 * we do.
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

  /** Why there can be none here; empty where there can. */
  public static Optional<String> unsupportedReason() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.of("it needs Linux");
    }
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("it needs root");
    }
    try {
      Command.run(Stream.concat(NAMESPACES.stream(), Stream.of("true")).toList());
      return Optional.empty();
    } catch (ClusterException e) {
      return Optional.of(e.getMessage().replace("\n", " "));
    }
  }

  /**
   * Starts one.
   *
   * @param folder for its log
   */
  public static IsolatedHost start(Path folder) {
    ChildProcess holder =
        ChildProcess.start(
            "machine",
            // Takes in orphans, as the first process must, until our end of its input closes.
            Stream.concat(NAMESPACES.stream(), Stream.of("bash", "-c", "read -r _")).toList(),
            Map.of(),
            folder.resolve("machine.log"));
    try {
      int link = new Random().nextInt(256 * 64);
      IsolatedHost machine = new IsolatedHost(holder, firstProcess(holder), endOf(link, 2));
      machine.connect("vdi" + holder.pid(), endOf(link, 1));
      machine.hideTheHost();
      return machine;
    } catch (RuntimeException e) {
      holder.kill();
      throw e;
    }
  }

  /** Its address on the link to this host. */
  public String address() {
    return address;
  }

  /** The command that runs this one inside. */
  public List<String> inside(List<String> command) {
    return Stream.concat(
            Stream.of("nsenter", "--target", init, "--net", "--mount", "--pid", "--"),
            command.stream())
        .toList();
  }

  /** Runs it inside, to its end, and returns its output. */
  public String run(String... command) {
    return Command.run(inside(List.of(command)));
  }

  /** Ends all that runs inside. */
  @Override
  public void close() {
    holder.kill();
  }

  /** For links between this host and machines on it: of each four addresses, two are used. */
  private static String endOf(int link, int end) {
    return "10.213." + link / 64 + "." + (link % 64 * 4 + end);
  }

  private static String firstProcess(ChildProcess holder) {
    Path children = Path.of("/proc/%d/task/%d/children".formatted(holder.pid(), holder.pid()));
    String[] found = {""};
    Progress.await(
        () -> "namespaces for a machine",
        START,
        () -> {
          holder.requireAlive();
          try {
            found[0] = Files.readString(children).strip();
            // The shell, not its parent on the way there.
            return !found[0].isEmpty()
                && Files.readString(Path.of("/proc", found[0], "comm")).startsWith("bash");
          } catch (IOException e) {
            return false;
          }
        });
    return found[0];
  }

  private void connect(String name, String host) {
    Command.run(
        List.of("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", init));
    Command.run(List.of("ip", "address", "add", host + "/30", "dev", name));
    Command.run(List.of("ip", "link", "set", name, "up"));
    run("ip", "link", "set", "lo", "up");
    run("ip", "address", "add", address + "/30", "dev", "eth0");
    run("ip", "link", "set", "eth0", "up");
  }

  /** What programs keep under fixed names is this machine's own. */
  private void hideTheHost() {
    run("mount", "--make-rshared", "/");
    for (String folder : List.of("/run", "/var/log")) {
      run("mount", "-t", "tmpfs", "tmpfs", folder);
    }
  }
}
