package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.IsolatedHost;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The container runtime of a node. It does not pull images: all of them are imported. */
final class Containerd {
  /** The path of its socket inside the host. */
  static final String SOCKET = "/run/containerd/containerd.sock";

  private static final Duration START = Duration.ofSeconds(60);

  private final IsolatedHost host;
  private final Path programs;
  private final ChildProcess process;

  private Containerd(IsolatedHost host, Path programs, ChildProcess process) {
    this.host = host;
    this.programs = programs;
    this.process = process;
  }

  /**
   * Returns when containerd answers.
   *
   * @param folder the cluster's directory
   */
  static Containerd start(IsolatedHost host, ClusterProcesses processes, Path folder)
      throws IOException {
    Path programs = GoPrograms.inDefaultCache().containerd();
    Path config = configure(folder);
    ChildProcess process =
        processes.start(
            "containerd",
            List.of(
                "env",
                "PATH="
                    + programs
                    + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                programs.resolve("containerd").toString(),
                "--config=" + config),
            Map.of());
    Containerd containerd = new Containerd(host, programs, process);
    containerd.awaitReady();
    return containerd;
  }

  void kill() {
    process.kill();
  }

  /** Starts containerd after {@link #kill}; returns when it answers. */
  void restart() {
    process.restart();
    awaitReady();
  }

  private void awaitReady() {
    Progress.await(
        () -> "containerd to be ready",
        START,
        () -> {
          process.requireAlive();
          return answers();
        });
  }

  /** Imports the images of an archive (OCI or Docker). */
  void importImage(Path archive) {
    ctr("--namespace=k8s.io", "images", "import", archive.toAbsolutePath().toString());
  }

  /**
   * SIGKILL to the first process of a pod's container.
   *
   * @param container the ID, without {@code containerd://}
   */
  void killContainer(String container) {
    ctr("--namespace=k8s.io", "tasks", "kill", "--signal=SIGKILL", container);
  }

  private boolean answers() {
    try {
      ctr("version");
      return true;
    } catch (ClusterException e) {
      return false;
    }
  }

  private void ctr(String... arguments) {
    String[] command = new String[arguments.length + 2];
    command[0] = programs.resolve("ctr").toString();
    command[1] = "--address=" + SOCKET;
    System.arraycopy(arguments, 0, command, 2, arguments.length);
    host.run(command);
  }

  /** Writes the configuration of containerd and of the pod network; returns containerd's file. */
  private static Path configure(Path folder) throws IOException {
    Path network = Files.createDirectories(folder.resolve("cni"));
    Files.writeString(
        network.resolve("10-pods.conflist"),
        """
        {"cniVersion": "1.0.0", "name": "pods", "plugins": [
          {"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true,
           "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
                    "ranges": [[{"subnet": "10.248.0.0/16"}]]}},
          {"type": "portmap", "capabilities": {"portMappings": true}}]}
        """);
    return Files.writeString(
        folder.resolve("containerd.toml"),
        """
        version = 3
        root = "%s"
        state = "/run/containerd"
        [grpc]
        address = "%s"
        [plugins.'io.containerd.cri.v1.images'.pinned_images]
        sandbox = "%s"
        [plugins.'io.containerd.cri.v1.runtime']
        # Required on hosts without CAP_SYS_RESOURCE, for example in a container.
        restrict_oom_score_adj = true
        [plugins.'io.containerd.cri.v1.runtime'.cni]
        bin_dirs = ["/usr/lib/cni"]
        conf_dir = "%s"
        """
            .formatted(folder.resolve("containerd"), SOCKET, ContainerNode.PAUSE_IMAGE, network));
  }
}
