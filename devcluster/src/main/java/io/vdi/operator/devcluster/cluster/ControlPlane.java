package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.devcluster.process.Progress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** etcd, the API server, the controller manager and the scheduler of one cluster. */
final class ControlPlane {
  /** The addresses of Services. */
  static final String SERVICE_RANGE = "10.96.0.0/14";

  private static final String KUBERNETES_SERVICE = "10.96.0.1";
  private static final String LOOPBACK = "127.0.0.1";
  private static final Duration START = Duration.ofSeconds(60);

  /**
   * Less frequent garbage collection, for more memory: with Go's default of 100, bursts of sessions
   * were 10 % slower on two cores.
   */
  private static final Map<String, String> GO_GC = Map.of("GOGC", "400");

  private final ClusterProcesses processes;
  private final Path folder;
  private final Path programs;
  private final int port;
  private final ClusterCertificateAuthority authority =
      new ClusterCertificateAuthority("devcluster");

  private ControlPlane(ClusterProcesses processes, Path folder, Path programs, int port) {
    this.processes = processes;
    this.folder = folder;
    this.programs = programs;
    this.port = port;
  }

  /**
   * Returns when the API server is ready.
   *
   * @param folder the directory for keys and data
   * @param programs the directory with the programs, see {@link
   *     io.vdi.operator.devcluster.build.GoPrograms#kubernetes}
   */
  static ControlPlane start(
      ClusterProcesses processes, Path folder, Path programs, List<String> apiServerFlags) {
    List<Integer> ports = LoopbackPorts.free(3);
    ControlPlane started =
        new ControlPlane(
            processes, folder, programs, processes.isIsolated() ? 6443 : ports.getFirst());
    String etcd = "http://" + LOOPBACK + ":" + ports.get(1);
    started.startEtcd(etcd, "http://" + LOOPBACK + ":" + ports.getLast());
    started.startApiServer(etcd, apiServerFlags);
    started.startControllers();
    return started;
  }

  Path folder() {
    return folder;
  }

  /** The path of one of the programs. */
  Path program(String name) {
    return programs.resolve(name);
  }

  ClusterCertificateAuthority authority() {
    return authority;
  }

  /** The URL of the API server. */
  String url() {
    return "https://" + processes.address() + ":" + port;
  }

  /** The kubeconfig file of a cluster admin. */
  Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  /** Waits until the API server is ready. */
  void awaitReady() {
    KubeClient api = Cluster.connect(kubeconfig());
    try {
      Progress.await(
          () -> "kube-apiserver to be ready",
          START,
          () -> {
            processes.get("kube-apiserver").requireAlive();
            return api.request("GET", "/version", null) instanceof ApiResult.Ok<JsonObject>
                && isReady(api);
          });
    } finally {
      api.close();
    }
  }

  private static boolean isReady(KubeClient api) {
    // The body "ok" of /readyz is not JSON, so success is not an Ok result; not ready is Rejected.
    return !(api.request("GET", "/readyz", null) instanceof ApiResult.Rejected<JsonObject>);
  }

  private void startEtcd(String client, String peer) {
    run(
        "etcd",
        "--data-dir=" + folder.resolve("etcd"),
        "--listen-client-urls=" + client,
        "--advertise-client-urls=" + client,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=default=" + peer,
        "--unsafe-no-fsync",
        "--log-level=warn");
  }

  private void startApiServer(String etcd, List<String> moreFlags) {
    ClusterCertificateAuthority.Pair serving =
        authority.server(
            "kube-apiserver",
            List.of("localhost", "kubernetes", "kubernetes.default.svc"),
            List.of(LOOPBACK, processes.address(), KUBERNETES_SERVICE));
    ClusterCertificateAuthority.Pair signing = ClusterCertificateAuthority.signingKeys();
    write("ca.crt", authority.certificate());
    PrivateFile.write(
        kubeconfig(), authority.kubeconfig(url(), "admin", List.of("system:masters")));
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--etcd-servers=" + etcd,
                "--bind-address=" + processes.address(),
                "--secure-port=" + port,
                "--client-ca-file=" + folder.resolve("ca.crt"),
                "--tls-cert-file=" + write("apiserver.crt", serving.certificate()),
                "--tls-private-key-file=" + write("apiserver.key", serving.key()),
                "--service-account-key-file="
                    + write("service-accounts.pub", signing.certificate()),
                "--service-account-signing-key-file="
                    + write("service-accounts.key", signing.key()),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=" + SERVICE_RANGE,
                "--authorization-mode=Node,RBAC",
                "--authentication-config=" + trust("[]"),
                "--allow-privileged",
                "--cert-dir=" + folder.resolve("apiserver")));
    flags.addAll(
        processes.isIsolated() ? kubeletFlags() : List.of("--endpoint-reconciler-type=none"));
    flags.addAll(moreFlags);
    run("kube-apiserver", flags.toArray(String[]::new));
    awaitReady();
  }

  /** Makes the API server accept the ID tokens of an OpenID Connect provider, within a minute. */
  void trust(TokenIssuer issuer) {
    trust(
        """
        - issuer:
            url: "%s"
            audiences: %s
            audienceMatchPolicy: MatchAny
            certificateAuthority: |
        %s
          claimMappings:
            username: {claim: email, prefix: "%s"}
            groups: {claim: groups, prefix: "%s"}
        """
            .formatted(
                issuer.url(),
                issuer.audiences(),
                authority.certificate().indent(6).stripTrailing(),
                issuer.prefix(),
                issuer.prefix()));
  }

  private Path trust(String issuers) {
    return write(
        "authentication.yaml",
        """
        apiVersion: apiserver.config.k8s.io/v1
        kind: AuthenticationConfiguration
        jwt:
        """
                .stripTrailing()
            + (issuers.startsWith("[") ? " " : "\n")
            + issuers);
  }

  /**
   * For a cluster with a node that runs containers: how the API server calls the kubelet, and the
   * address at which pods reach Service {@code kubernetes}.
   */
  private List<String> kubeletFlags() {
    ClusterCertificateAuthority.Pair client =
        authority.client("kube-apiserver", List.of("system:masters"));
    return List.of(
        "--advertise-address=" + processes.address(),
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-client-certificate=" + write("client.crt", client.certificate()),
        "--kubelet-client-key=" + write("client.key", client.key()));
  }

  private void startControllers() {
    // The default limits on requests per second are lower than a burst of sessions requires.
    runInBackground(
        "kube-controller-manager",
        "--kubeconfig=" + kubeconfig(),
        "--leader-elect=false",
        "--secure-port=0",
        // As in a real cluster: each controller acts with an account of its own, and not as an
        // admin.
        "--use-service-account-credentials",
        "--service-account-private-key-file=" + folder.resolve("service-accounts.key"),
        "--root-ca-file=" + folder.resolve("ca.crt"),
        // Nothing here reads Endpoints, which EndpointSlices have replaced.
        "--controllers=*,-endpoints-controller,-endpointslice-mirroring-controller",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000");
    Path schedulerConfig =
        write(
            "scheduler.yaml",
            """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            leaderElection: {leaderElect: false}
            clientConnection: {kubeconfig: "%s", qps: 1000, burst: 2000}
            """
                .formatted(kubeconfig()));
    runInBackground("kube-scheduler", "--config=" + schedulerConfig, "--secure-port=0");
  }

  private Path write(String name, String content) {
    return PrivateFile.write(folder.resolve(name), content);
  }

  private void run(String component, String... arguments) {
    processes.start(component, command(component, arguments), GO_GC);
  }

  /** With a lower priority than etcd and the API server, which it would slow down on few cores. */
  private void runInBackground(String component, String... arguments) {
    processes.start(component, ChildProcess.inBackground(command(component, arguments)), GO_GC);
  }

  private List<String> command(String component, String... arguments) {
    return Stream.concat(Stream.of(program(component).toString()), Arrays.stream(arguments))
        .toList();
  }
}
