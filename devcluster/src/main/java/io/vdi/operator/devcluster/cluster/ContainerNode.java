package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.IsolatedHost;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A node that runs containers: containerd, the kubelet and kube-proxy in an {@link IsolatedHost}.
 */
public final class ContainerNode {
  /** The node's name in the cluster. */
  public static final String NAME = "node-1";

  /** The name of the image that holds a pod's namespaces. */
  public static final String PAUSE_IMAGE = "localhost/vdi-devcluster/pause:1";

  /** The kubelet's directory inside the host. Device plugins expect this path. */
  public static final String KUBELET = "/var/lib/kubelet";

  private static final String KUBELET_PROCESS = "kubelet";
  private static final int KUBELET_PORT = 10250;
  private static final Duration START = Duration.ofSeconds(60);

  private final IsolatedHost host;
  private final ClusterProcesses processes;
  private final ControlPlane controlPlane;
  private final ControlGroups groups;
  private final Containerd containerd;

  private ContainerNode(
      IsolatedHost host,
      ClusterProcesses processes,
      ControlPlane controlPlane,
      ControlGroups groups,
      Containerd containerd) {
    this.host = host;
    this.processes = processes;
    this.controlPlane = controlPlane;
    this.groups = groups;
    this.containerd = containerd;
  }

  /** Installs the programs that come from Debian packages; returns whether all are there. */
  static boolean installPackages() {
    return DebianPackages.provide("iproute2", Path.of("/usr/sbin/ip"))
        && DebianPackages.provide("runc", Path.of("/usr/sbin/runc"))
        && DebianPackages.provide("containernetworking-plugins", Path.of("/usr/lib/cni/bridge"))
        && DebianPackages.provide("nftables", Path.of("/usr/sbin/nft"));
  }

  /**
   * Returns when the node is ready.
   *
   * @param pauseImage an archive with {@link #PAUSE_IMAGE}
   */
  static ContainerNode start(
      IsolatedHost host, ClusterProcesses processes, ControlPlane controlPlane, Path pauseImage) {
    try {
      prepare(host, controlPlane.folder());
      ControlGroups groups =
          new ControlGroups("vdi-" + ProcessHandle.current().pid() + "-" + host.address());
      groups.create();
      Containerd containerd = Containerd.start(host, processes, controlPlane.folder());
      ContainerNode node = new ContainerNode(host, processes, controlPlane, groups, containerd);
      containerd.importImage(pauseImage);
      node.startKubelet();
      node.startProxy();
      processes.start(
          "dns", ClusterDns.command(host.address(), controlPlane.kubeconfig()), Map.of());
      node.awaitReady();
      return node;
    } catch (IOException e) {
      throw new ClusterException("cannot prepare the node: " + e.getMessage(), e);
    }
  }

  /** Imports the images of an archive (OCI or Docker). */
  void importImage(Path archive) {
    containerd.importImage(archive);
  }

  /** Starts a program on the node, outside of any container. */
  ChildProcess run(String name, List<String> command, Map<String, String> environment) {
    return processes.start(name, command, environment);
  }

  /** Runs a command on the node, outside of any container; returns its standard output. */
  String command(String... command) {
    return host.run(command);
  }

  /** See {@link EmbeddedCluster#killKubelet}. */
  void killKubelet() {
    processes.get(KUBELET_PROCESS).kill();
  }

  /** See {@link EmbeddedCluster#restartKubelet}. */
  void restartKubelet() {
    ChildProcess kubelet = processes.get(KUBELET_PROCESS);
    kubelet.restart();
    Progress.await(
        () -> "the kubelet to listen",
        START,
        () -> {
          kubelet.requireAlive();
          return listens(KUBELET_PORT);
        });
  }

  private boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host.address(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** See {@link EmbeddedCluster#killContainerd}. */
  void killContainerd() {
    containerd.kill();
  }

  /** See {@link EmbeddedCluster#restartContainerd}. */
  void restartContainerd() {
    containerd.restart();
  }

  /** See {@link EmbeddedCluster#killContainer}. */
  void killContainer(String container) {
    containerd.killContainer(container);
  }

  /** See {@link EmbeddedCluster#killAllContainers}. */
  void killAllContainers() {
    groups.kill();
  }

  /** Deletes what the node leaves on this host, after its processes have exited. */
  void cleanUp() {
    groups.delete();
  }

  /** Mounts and routes of the host. */
  private static void prepare(IsolatedHost host, Path folder) throws IOException {
    Path kubelet = Files.createDirectories(folder.resolve("kubelet"));
    Path changes = Files.createDirectories(folder.resolve("changes"));
    Path work = Files.createDirectories(folder.resolve("work"));
    host.run(
        "mount",
        "-t",
        "overlay",
        "-o",
        "lowerdir=/var/lib,upperdir=%s,workdir=%s".formatted(changes, work),
        "overlay",
        "/var/lib");
    host.run("mkdir", "-p", KUBELET);
    host.run("mount", "--bind", kubelet.toString(), KUBELET);
    host.run("mount", "--make-shared", KUBELET);
    // kube-proxy's rules translate the addresses of Services. The kernel drops packets to an
    // address
    // without a route before it applies the rules, so it gets a route to an unused interface.
    host.run("ip", "link", "add", "services", "type", "veth", "peer", "name", "nowhere");
    host.run("ip", "link", "set", "services", "up");
    host.run("ip", "route", "add", ControlPlane.SERVICE_RANGE, "dev", "services");
  }

  private void awaitReady() {
    KubeClient api = Cluster.connect(controlPlane.kubeconfig());
    try {
      Progress.await(
          () -> "node " + NAME + " to be ready",
          START,
          () -> {
            processes.requireAlive();
            return api.request("GET", "/api/v1/nodes/" + NAME, null)
                .ok()
                .filter(ContainerNode::isReady)
                .isPresent();
          });
    } finally {
      api.close();
    }
  }

  private static boolean isReady(JsonObject node) {
    return node.getAsJsonObject("status").getAsJsonArray("conditions").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .anyMatch(condition ->
            condition.get("type").getAsString().equals("Ready")
                && condition.get("status").getAsString().equals("True"));
  }

  private void startKubelet() {
    Path folder = controlPlane.folder();
    ClusterCertificateAuthority authority = controlPlane.authority();
    String user = "system:node:" + NAME;
    Path kubeconfig =
        PrivateFile.write(
            folder.resolve("kubelet.kubeconfig"),
            authority.kubeconfig(controlPlane.url(), user, List.of("system:nodes")));
    ClusterCertificateAuthority.Pair serving =
        authority.server(user, List.of(NAME), List.of(host.address()));
    Path certificate = PrivateFile.write(folder.resolve("kubelet.crt"), serving.certificate());
    Path key = PrivateFile.write(folder.resolve("kubelet.key"), serving.key());
    Path config =
        PrivateFile.write(
            folder.resolve("kubelet.yaml"),
            """
            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "%s"}}
            authorization: {mode: Webhook}
            tlsCertFile: "%s"
            tlsPrivateKeyFile: "%s"
            cgroupDriver: cgroupfs
            cgroupRoot: /%s
            # Hosts with control groups of version 1 are supported as well.
            failCgroupV1: false
            failSwapOn: false
            containerRuntimeEndpoint: unix://%s
            # See ClusterDns.
            clusterDNS: ["%s"]
            resolvConf: ""
            evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
            imageGCHighThresholdPercent: 100
            imageMinimumGCAge: 24h
            serializeImagePulls: false
            # Pods get a changed ConfigMap or Secret sooner than after the default of a minute.
            syncFrequency: 10s
            """
                .formatted(
                    folder.resolve("ca.crt"),
                    certificate,
                    key,
                    groups.name(),
                    Containerd.SOCKET,
                    host.address()));
    processes.start(
        KUBELET_PROCESS,
        List.of(
            controlPlane.program("kubelet").toString(),
            "--config=" + config,
            "--kubeconfig=" + kubeconfig,
            "--root-dir=" + KUBELET,
            "--node-ip=" + host.address(),
            "--hostname-override=" + NAME),
        Map.of());
  }

  private void startProxy() {
    Path config =
        PrivateFile.write(
            controlPlane.folder().resolve("kube-proxy.yaml"),
            """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            mode: nftables
            clientConnection: {kubeconfig: "%s"}
            hostnameOverride: %s
            # Zero leaves these limits of the kernel unchanged, which are not per network namespace.
            conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
            """
                .formatted(controlPlane.kubeconfig(), NAME));
    processes.start(
        "kube-proxy",
        List.of(controlPlane.program("kube-proxy").toString(), "--config=" + config),
        Map.of());
  }
}
