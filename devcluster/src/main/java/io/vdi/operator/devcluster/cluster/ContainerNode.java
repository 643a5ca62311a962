package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.IsolatedHost;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A node that runs containers: containerd, the kubelet and kube-proxy in a {@link IsolatedHost}.
 * Its images are those that were imported; it pulls none.
 */
public final class ContainerNode {
  /** Its name in the cluster. */
  public static final String NAME = "node-1";

  /** The image that holds a pod's namespaces. */
  static final String PAUSE = "localhost/vdi-devcluster/pause:1";

  private static final Duration START = Duration.ofSeconds(60);
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final String SOCKET = "/run/containerd/containerd.sock";

  /** The kubelet's folder inside: device plugins and the kubelet agree on no other. */
  public static final String KUBELET = "/var/lib/kubelet";

  private final IsolatedHost machine;
  private final Path folder;
  private final Path containerd;
  private final String cgroup;

  private ContainerNode(IsolatedHost machine, Path folder) {
    this.machine = machine;
    this.folder = folder;
    this.containerd = GoPrograms.inDefaultCache().containerd();
    this.cgroup = "vdi-" + ProcessHandle.current().pid() + "-" + machine.address();
  }

  /** Installs what comes from Debian's packages. */
  static boolean provided() {
    return DebianPackages.provide("iproute2", Path.of("/usr/sbin/ip"))
        && DebianPackages.provide("runc", Path.of("/usr/sbin/runc"))
        && DebianPackages.provide("containernetworking-plugins", Path.of("/usr/lib/cni/bridge"))
        && DebianPackages.provide("nftables", Path.of("/usr/sbin/nft"));
  }

  /**
   * Returns when the node is ready.
   *
   * @param folder of the cluster, with the kubeconfig of an admin
   * @param kubernetes the folder with the programs
   * @param apiServer its URL
   * @param serviceRange of the cluster
   * @param started takes what this starts, to be ended
   * @param pauseImage an archive with {@link #PAUSE}
   */
  static ContainerNode start(
      IsolatedHost machine,
      Path folder,
      Path kubernetes,
      ClusterCertificateAuthority authority,
      String apiServer,
      String serviceRange,
      Path pauseImage,
      List<ChildProcess> started) {
    ContainerNode node = new ContainerNode(machine, folder);
    Path kubeconfig = folder.resolve("kubeconfig");
    try {
      node.makeRoom(serviceRange);
      started.add(node.startContainerd());
      node.importImage(pauseImage);
      started.add(node.startKubelet(kubernetes, authority, apiServer));
      started.add(node.startProxy(kubernetes, kubeconfig));
    } catch (IOException e) {
      throw new ClusterException("cannot prepare the node: " + e.getMessage(), e);
    }
    KubeClient api = Cluster.connect(kubeconfig);
    Progress.await(
        () -> "node " + NAME + " to be ready",
        START,
        () -> {
          started.forEach(ChildProcess::requireAlive);
          return api.request("GET", "/api/v1/nodes/" + NAME, null)
              .ok()
              .filter(ContainerNode::isReady)
              .isPresent();
        });
    api.close();
    return node;
  }

  /** Puts the images of an archive (OCI or Docker) onto the node. */
  void importImage(Path archive) {
    machine.run(
        containerd.resolve("ctr").toString(),
        "--address=" + SOCKET,
        "--namespace=k8s.io",
        "images",
        "import",
        archive.toAbsolutePath().toString());
  }

  /** Removes what is left of it, after its machine has ended. */
  void tidyUp() {
    try {
      // The kernel takes a moment to end the processes in them.
      Progress.await(() -> "the node's control groups to go", START, this::removeGroups);
    } catch (ClusterException e) {
      Progress.say(e.getMessage());
    }
  }

  /** Whether none is left. */
  private boolean removeGroups() {
    boolean gone = true;
    for (Path group : groups()) {
      try (Stream<Path> all = Files.walk(group)) {
        // Not the files in it, which are none: they go with the folder.
        for (Path folder :
            all.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(folder);
        }
      } catch (IOException e) {
        gone = false;
      }
    }
    return gone;
  }

  /** Its own group in each hierarchy (version 1), or in the only one. */
  private List<Path> groups() {
    try (Stream<Path> hierarchies = Files.list(CGROUPS)) {
      return Stream.concat(Stream.of(CGROUPS), hierarchies)
          .map(hierarchy -> hierarchy.resolve(cgroup))
          .filter(Files::isDirectory)
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static boolean isReady(JsonObject node) {
    return node.getAsJsonObject("status").getAsJsonArray("conditions").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .anyMatch(condition ->
            condition.get("type").getAsString().equals("Ready")
                && condition.get("status").getAsString().equals("True"));
  }

  private void makeRoom(String serviceRange) throws IOException {
    Files.createDirectories(folder.resolve("kubelet"));
    Files.createDirectories(folder.resolve("cni"));
    Path changes = Files.createDirectories(folder.resolve("changes"));
    Path work = Files.createDirectories(folder.resolve("work"));
    machine.run(
        "mount",
        "-t",
        "overlay",
        "-o",
        "lowerdir=/var/lib,upperdir=%s,workdir=%s".formatted(changes, work),
        "overlay",
        "/var/lib");
    machine.run("mkdir", "-p", KUBELET);
    machine.run("mount", "--bind", folder.resolve("kubelet").toString(), KUBELET);
    machine.run("mount", "--make-shared", KUBELET);
    // Addresses of services lead nowhere but to kube-proxy's rules; without a route, no packet to
    // them would get that far.
    machine.run("ip", "link", "add", "services", "type", "veth", "peer", "name", "nowhere");
    machine.run("ip", "link", "set", "services", "up");
    machine.run("ip", "route", "add", serviceRange, "dev", "services");
    if (Files.exists(CGROUPS.resolve("cgroup.controllers"))) {
      Files.createDirectories(CGROUPS.resolve(cgroup));
    } else {
      try (Stream<Path> controllers = Files.list(CGROUPS)) {
        for (Path controller : controllers.filter(Files::isDirectory).toList()) {
          Files.createDirectories(controller.resolve(cgroup));
        }
        // All pods together weigh as much as many processes of the host, not as one of them.
        Path weight = CGROUPS.resolve("cpu").resolve(cgroup).resolve("cpu.shares");
        if (Files.exists(weight)) {
          Files.writeString(weight, "20480");
        }
      }
    }
  }

  private ChildProcess startContainerd() throws IOException {
    Files.writeString(
        folder.resolve("cni/10-pods.conflist"),
        """
        {"cniVersion": "1.0.0", "name": "pods", "plugins": [
          {"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true,
           "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
                    "ranges": [[{"subnet": "10.248.0.0/16"}]]}},
          {"type": "portmap", "capabilities": {"portMappings": true}}]}
        """);
    Path config = folder.resolve("containerd.toml");
    Files.writeString(
        config,
        """
        version = 3
        root = "%s"
        state = "/run/containerd"
        [grpc]
        address = "%s"
        [plugins.'io.containerd.cri.v1.images'.pinned_images]
        sandbox = "%s"
        [plugins.'io.containerd.cri.v1.runtime']
        # Where this host lacks CAP_SYS_RESOURCE.
        restrict_oom_score_adj = true
        [plugins.'io.containerd.cri.v1.runtime'.cni]
        bin_dirs = ["/usr/lib/cni"]
        conf_dir = "%s"
        """
            .formatted(folder.resolve("containerd"), SOCKET, PAUSE, folder.resolve("cni")));
    ChildProcess process =
        start(
            "containerd",
            List.of(
                "env",
                "PATH="
                    + containerd
                    + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                containerd.resolve("containerd").toString(),
                "--config=" + config));
    Progress.await(
        () -> "containerd",
        START,
        () -> {
          process.requireAlive();
          return answers();
        });
    return process;
  }

  private boolean answers() {
    try {
      machine.run(containerd.resolve("ctr").toString(), "--address=" + SOCKET, "version");
      return true;
    } catch (ClusterException e) {
      return false;
    }
  }

  private ChildProcess startKubelet(
      Path kubernetes, ClusterCertificateAuthority authority, String apiServer) throws IOException {
    Path kubeconfig =
        ClusterCertificateAuthority.writePrivate(
            folder.resolve("kubelet.kubeconfig"),
            authority.kubeconfig(apiServer, "system:node:" + NAME, List.of("system:nodes")));
    ClusterCertificateAuthority.Pair serving =
        authority.server("system:node:" + NAME, List.of(NAME), List.of(machine.address()));
    Path certificate =
        ClusterCertificateAuthority.writePrivate(
            folder.resolve("kubelet.crt"), serving.certificate());
    Path key =
        ClusterCertificateAuthority.writePrivate(folder.resolve("kubelet.key"), serving.key());
    Path config = folder.resolve("kubelet.yaml");
    Files.writeString(
        config,
        """
        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "%s"}}
        authorization: {mode: Webhook}
        tlsCertFile: "%s"
        tlsPrivateKeyFile: "%s"
        cgroupDriver: cgroupfs
        cgroupRoot: /%s
        # Hosts with control groups of version 1 are served as well.
        failCgroupV1: false
        failSwapOn: false
        containerRuntimeEndpoint: unix://%s
        # Nobody serves names here: they fail at once instead of late.
        clusterDNS: ["%s"]
        resolvConf: ""
        evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
        imageGCHighThresholdPercent: 100
        imageMinimumGCAge: 24h
        serializeImagePulls: false
        """
            .formatted(
                folder.resolve("ca.crt"), certificate, key, cgroup, SOCKET, machine.address()));
    return start(
        "kubelet",
        List.of(
            kubernetes.resolve("kubelet").toString(),
            "--config=" + config,
            "--kubeconfig=" + kubeconfig,
            "--root-dir=" + KUBELET,
            "--node-ip=" + machine.address(),
            "--hostname-override=" + NAME));
  }

  private ChildProcess startProxy(Path kubernetes, Path kubeconfig) throws IOException {
    Path config = folder.resolve("kube-proxy.yaml");
    Files.writeString(
        config,
        """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        mode: nftables
        clientConnection: {kubeconfig: "%s"}
        hostnameOverride: %s
        # These limits are the host's, not a namespace's.
        conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
        """
            .formatted(kubeconfig, NAME));
    return start(
        "kube-proxy", List.of(kubernetes.resolve("kube-proxy").toString(), "--config=" + config));
  }

  private ChildProcess start(String name, List<String> command) {
    return ChildProcess.start(
        name, machine.inside(command), Map.of(), folder.resolve(name + ".log"));
  }
}
