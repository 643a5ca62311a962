package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.IsolatedHost;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * etcd, the control plane and simulated GPU nodes as processes of this machine, on free ports of
 * the loopback interface; or, with a node that runs containers, in a {@link IsolatedHost} of their
 * own. Everything ends with {@link #close}, with this JVM however it ends, and leaves nothing but
 * its folder, which {@code close} removes.
 */
public final class EmbeddedCluster implements Cluster {
  private static final Duration START = Duration.ofSeconds(60);
  private static final String LOOPBACK = "127.0.0.1";
  private static final String SERVICES = "10.96.0.0/14";
  private static final String FIRST_SERVICE = "10.96.0.1";

  /** The name of the image that holds a pod's namespaces. */
  public static final String PAUSE_IMAGE = ContainerNode.PAUSE;

  /** Memory for speed: with Go's 100, bursts of sessions were a tenth slower on two cores. */
  private static final Map<String, String> GO_GC = Map.of("GOGC", "400");

  private final Path folder;
  private final Path binaries;
  private final SimulatedNodes.Spec nodes;
  private final ClusterCertificateAuthority authority =
      new ClusterCertificateAuthority("devcluster");
  private final List<ChildProcess> started = Collections.synchronizedList(new ArrayList<>());
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread closeAtExit = new Thread(this::stopAll, "devcluster-stop");
  private final String etcd;
  private final int port;
  private final Optional<IsolatedHost> machine;
  private final String address;
  private ChildProcess apiServer;
  private Optional<SimulatedNodes> simulated = Optional.empty();
  private Optional<ContainerNode> realNode = Optional.empty();

  private EmbeddedCluster(
      Path folder,
      SimulatedNodes.Spec nodes,
      List<String> apiServerFlags,
      GoPrograms programs,
      Optional<Path> pauseImage) {
    this.folder = folder;
    this.nodes = nodes;
    this.binaries = programs.kubernetes();
    this.machine = pauseImage.map(image -> IsolatedHost.start(folder));
    this.address = machine.map(IsolatedHost::address).orElse(LOOPBACK);
    int[] ports = freePorts(3);
    this.port = machine.isPresent() ? 6443 : ports[0];
    this.etcd = "http://" + LOOPBACK + ":" + ports[1];
    Runtime.getRuntime().addShutdownHook(closeAtExit);
    try {
      startEtcd(ports[2]);
      startApiServer(apiServerFlags);
      startRest(programs.kwok());
      realNode = pauseImage.map(this::startNode);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Builds what is not yet built, and starts.
   *
   * @param folder for keys, data and logs; made, and removed at the end
   */
  public static EmbeddedCluster start(Path folder, SimulatedNodes.Spec nodes) {
    return start(folder, nodes, List.of());
  }

  /** The same with further flags for the API server. */
  public static EmbeddedCluster start(
      Path folder, SimulatedNodes.Spec nodes, List<String> apiServerFlags) {
    return start(folder, nodes, apiServerFlags, Optional.empty());
  }

  /**
   * The same with a node that runs containers beside the simulated ones, see {@link
   * #unsupportedReason}.
   *
   * @param pauseImage an archive with {@link #PAUSE_IMAGE}
   */
  public static EmbeddedCluster startWithNode(
      Path folder, SimulatedNodes.Spec nodes, Path pauseImage) {
    return start(folder, nodes, List.of(), Optional.of(pauseImage));
  }

  /** Why no node can run containers here; empty where one can. */
  public static Optional<String> unsupportedReason() {
    return ContainerNode.provided()
        ? IsolatedHost.unsupportedReason()
        : Optional.of("it needs packages that cannot be installed here, see above");
  }

  private static EmbeddedCluster start(
      Path folder,
      SimulatedNodes.Spec nodes,
      List<String> apiServerFlags,
      Optional<Path> pauseImage) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ClusterException("cannot make " + folder + ": " + e, e);
    }
    return new EmbeddedCluster(
        folder.toAbsolutePath(), nodes, apiServerFlags, GoPrograms.inDefaultCache(), pauseImage);
  }

  /** What vouches for the cluster's certificates. */
  public ClusterCertificateAuthority authority() {
    return authority;
  }

  /** The node that runs containers; there is one after {@link #startWithNode} only. */
  ContainerNode realNode() {
    return realNode.orElseThrow();
  }

  /** Where the node's own ports are. */
  public String address() {
    return address;
  }

  /** Puts the images of an archive onto the node that runs containers. */
  public void importImage(Path archive) {
    realNode().importImage(archive);
  }

  /** Starts a program on the node that runs containers, not in one. */
  public ChildProcess runOnNode(String name, List<String> command, Map<String, String> settings) {
    ChildProcess process =
        ChildProcess.start(
            name, machine.orElseThrow().inside(command), settings, folder.resolve(name + ".log"));
    started.add(process);
    return process;
  }

  @Override
  public Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  public Path folder() {
    return folder;
  }

  /** The kubectl of the same version. */
  public Path kubectl() {
    return binaries.resolve("kubectl");
  }

  /** The API server, for tests that stop it; see {@link #awaitReady}. */
  public ChildProcess apiServer() {
    return apiServer;
  }

  /** The controller manager, for tests that do without garbage collection. */
  public ChildProcess controllerManager() {
    return started.stream()
        .filter(process -> process.name().equals("kube-controller-manager"))
        .findFirst()
        .orElseThrow();
  }

  /** Returns when the API server says that it is ready. */
  public void awaitReady() {
    KubeClient api = connect();
    try {
      Progress.await(
          () -> "kube-apiserver to be ready",
          START,
          () -> {
            apiServer.requireAlive();
            return api.request("GET", "/version", null) instanceof ApiResult.Ok<JsonObject>
                && isReady(api);
          });
    } finally {
      api.close();
    }
  }

  private static boolean isReady(KubeClient api) {
    // /readyz answers "ok", which is no JSON; a refusal comes as a rejection all the same.
    return !(api.request("GET", "/readyz", null) instanceof ApiResult.Rejected<JsonObject>);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(closeAtExit);
    } catch (IllegalStateException e) {
      // The JVM is ending already: the hook does the work.
      return;
    }
    stopAll();
  }

  private void stopAll() {
    if (closed.compareAndSet(false, true)) {
      // In the order opposite to their start: nobody talks to somebody who has gone. All data goes
      // with the folder, so there is nothing to write out: no reason to wait for graceful ends.
      simulated.ifPresent(SimulatedNodes::kill);
      machine.ifPresent(IsolatedHost::close);
      started.reversed().forEach(ChildProcess::kill);
      realNode.ifPresent(ContainerNode::tidyUp);
      GoPrograms.deleteTree(folder);
    }
  }

  private void startEtcd(int peerPort) {
    String peer = "http://" + LOOPBACK + ":" + peerPort;
    run(
        "etcd",
        "--data-dir=" + folder.resolve("etcd"),
        "--listen-client-urls=" + etcd,
        "--advertise-client-urls=" + etcd,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=default=" + peer,
        "--unsafe-no-fsync",
        "--log-level=warn");
  }

  private void startApiServer(List<String> moreFlags) {
    ClusterCertificateAuthority.Pair serving =
        authority.server(
            "kube-apiserver",
            List.of("localhost", "kubernetes", "kubernetes.default.svc"),
            List.of(LOOPBACK, address, FIRST_SERVICE));
    ClusterCertificateAuthority.Pair signing = ClusterCertificateAuthority.signingKeys();
    ClusterCertificateAuthority.writePrivate(folder.resolve("ca.crt"), authority.certificate());
    ClusterCertificateAuthority.writePrivate(
        folder.resolve("apiserver.crt"), serving.certificate());
    ClusterCertificateAuthority.writePrivate(folder.resolve("apiserver.key"), serving.key());
    ClusterCertificateAuthority.writePrivate(
        folder.resolve("service-accounts.pub"), signing.certificate());
    ClusterCertificateAuthority.writePrivate(folder.resolve("service-accounts.key"), signing.key());
    ClusterCertificateAuthority.writePrivate(
        kubeconfig(), authority.kubeconfig(url(), "admin", List.of("system:masters")));
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--etcd-servers=" + etcd,
                "--bind-address=" + address,
                "--secure-port=" + port,
                "--client-ca-file=" + folder.resolve("ca.crt"),
                "--tls-cert-file=" + folder.resolve("apiserver.crt"),
                "--tls-private-key-file=" + folder.resolve("apiserver.key"),
                "--service-account-key-file=" + folder.resolve("service-accounts.pub"),
                "--service-account-signing-key-file=" + folder.resolve("service-accounts.key"),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=" + SERVICES,
                "--authorization-mode=Node,RBAC",
                "--allow-privileged",
                "--cert-dir=" + folder.resolve("apiserver")));
    flags.addAll(machine.isPresent() ? kubeletFlags() : List.of("--endpoint-reconciler-type=none"));
    flags.addAll(moreFlags);
    apiServer = run("kube-apiserver", flags.toArray(String[]::new));
    awaitReady();
  }

  /** With a node, the API server asks its kubelet, and answers pods as {@code kubernetes}. */
  private List<String> kubeletFlags() {
    ClusterCertificateAuthority.Pair client =
        authority.client("kube-apiserver", List.of("system:masters"));
    return List.of(
        "--advertise-address=" + address,
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-client-certificate="
            + ClusterCertificateAuthority.writePrivate(
                folder.resolve("client.crt"), client.certificate()),
        "--kubelet-client-key="
            + ClusterCertificateAuthority.writePrivate(folder.resolve("client.key"), client.key()));
  }

  private String url() {
    return "https://" + address + ":" + port;
  }

  private ContainerNode startNode(Path pauseImage) {
    return ContainerNode.start(
        machine.orElseThrow(), folder, binaries, authority, url(), SERVICES, pauseImage, started);
  }

  private void startRest(Path kwok) {
    // Their own limits on requests a second are those of a large cluster, not what is measured
    // here.
    runInBackground(
        "kube-controller-manager",
        "--kubeconfig=" + kubeconfig(),
        "--leader-elect=false",
        "--secure-port=0",
        "--service-account-private-key-file=" + folder.resolve("service-accounts.key"),
        "--root-ca-file=" + folder.resolve("ca.crt"),
        // Endpoints are superseded by EndpointSlices: nobody here reads them.
        "--controllers=*,-endpoints-controller,-endpointslice-mirroring-controller",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000");
    Path schedulerConfig =
        ClusterCertificateAuthority.writePrivate(
            folder.resolve("scheduler.yaml"),
            """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            leaderElection: {leaderElect: false}
            clientConnection: {kubeconfig: "%s", qps: 1000, burst: 2000}
            """
                .formatted(kubeconfig()));
    runInBackground("kube-scheduler", "--config=" + schedulerConfig, "--secure-port=0");
    if (nodes.count() > 0) {
      simulated =
          Optional.of(SimulatedNodes.start(kubeconfig(), kwok, folder, nodes, machine.isEmpty()));
    }
    started.forEach(ChildProcess::requireAlive);
  }

  private ChildProcess run(String component, String... arguments) {
    return run(component, command(component, arguments));
  }

  /** What works on what is stored comes after what stores it and answers, on few processors. */
  private void runInBackground(String component, String... arguments) {
    run(component, ChildProcess.inBackground(command(component, arguments)));
  }

  private List<String> command(String component, String... arguments) {
    return Stream.concat(
            Stream.of(binaries.resolve(component).toString()), Arrays.stream(arguments))
        .toList();
  }

  private ChildProcess run(String component, List<String> command) {
    ChildProcess process =
        ChildProcess.start(
            component,
            machine.map(inside -> inside.inside(command)).orElse(command),
            GO_GC,
            folder.resolve(component + ".log"));
    started.add(process);
    return process;
  }

  /** Ports that are free now, all different. */
  public static int[] freePorts(int count) {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
    } catch (IOException e) {
      throw new ClusterException("no free port on " + LOOPBACK, e);
    } finally {
      for (ServerSocket socket : sockets) {
        try {
          socket.close();
        } catch (IOException e) {
          // Nothing listens on it either way.
        }
      }
    }
  }
}
