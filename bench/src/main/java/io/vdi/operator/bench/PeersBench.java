package io.vdi.operator.bench;

import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.AotCache;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Gives this controller and kubernetes-sigs/agent-sandbox the same number of objects at once, on
 * clusters that are made alike: the same control plane, simulated nodes, clients and priorities. A
 * session has a Secret that a Sandbox has not; neither has a route.
 */
final class PeersBench {
  private static final int WARM_UP = 100;
  private static final int CLIENTS = 32;
  private static final String SYSTEM = "agent-sandbox-system";
  private static final String ACCOUNT = "agent-sandbox-controller";

  private static final ResourceType<Sandbox> SANDBOX =
      new ResourceType<>("agents.x-k8s.io", "v1beta1", "Sandbox", "sandboxes", true, Sandbox.class);

  private final int count;

  /** What is read of a Sandbox. */
  private record Sandbox(ObjectMeta metadata, Status status) implements KubeObject {
    private record Status(List<Condition> conditions) {}

    boolean isReady() {
      return status != null
          && status.conditions() != null
          && status.conditions().stream()
              .anyMatch(
                  condition -> condition.type().equals(Condition.READY) && condition.isTrue());
    }
  }

  PeersBench(int count) {
    this.count = count;
  }

  /** The checkout of the peer, after {@code make build-controller} in it; variable PEER. */
  static Optional<Path> peer() {
    return Optional.ofNullable(System.getenv("PEER"))
        .filter(path -> !path.isBlank())
        .map(Path::of)
        .map(path -> {
          if (!Files.isExecutable(program(path))) {
            throw new IllegalArgumentException(
                "PEER=" + path + " has no " + program(path) + ": run make build-controller there");
          }
          return path;
        });
  }

  private static Path program(Path checkout) {
    return checkout.resolve("bin/manager");
  }

  /** Measures this controller. */
  Result.PeerFigures sessions(boolean homes) {
    try (BenchCluster cluster = cluster(BenchCluster.CONTROLLER)) {
      OperatorProcess.Launch launch =
          cluster.controller(
              Map.of(
                  "vdiConfig_INGRESS_KIND",
                  "none",
                  "vdiConfig_INGRESS_HEADLESS_SERVICES",
                  "always"));
      try (OperatorProcess controller =
              AotCache.start(
                  launch,
                  training -> {
                    training.awaitReady();
                    try (Stopwatch watch = new Stopwatch(cluster.admin())) {
                      arrive(watch, "train", WARM_UP, session(cluster, homes));
                    }
                  });
          Stopwatch watch = new Stopwatch(cluster.admin())) {
        controller.awaitReady();
        return measure(cluster, controller.process(), watch, session(cluster, homes));
      }
    }
  }

  /**
   * Measures agent-sandbox.
   *
   * @param checkout see {@link #peer}
   */
  Result.PeerFigures sandboxes(Path checkout, boolean claims) {
    try (BenchCluster cluster = cluster("system:serviceaccount:" + SYSTEM + ":" + ACCOUNT)) {
      install(cluster, checkout);
      Path folder = cluster.embedded().folder();
      Path kubeconfig =
          cluster
              .embedded()
              .serviceAccountKubeconfig(SYSTEM, ACCOUNT, folder.resolve("peer.kubeconfig"));
      try (ChildProcess controller =
              ChildProcess.start(
                  "agent-sandbox",
                  List.of(
                      program(checkout).toAbsolutePath().toString(),
                      "--kubeconfig=" + kubeconfig,
                      "--leader-election-namespace=" + SYSTEM,
                      "--enable-webhook=false",
                      "--metrics-bind-address=0",
                      "--health-probe-bind-address=127.0.0.1:" + LoopbackPorts.free(1).getFirst()),
                  Map.of(),
                  folder.resolve("agent-sandbox.log"));
          Stopwatch watch = new Stopwatch(cluster.admin(), SANDBOX, Sandbox::isReady)) {
        return measure(cluster, controller, watch, sandbox(cluster, claims));
      }
    }
  }

  private BenchCluster cluster(String user) {
    return new BenchCluster(count + 2 * WARM_UP, requests -> requests.flags(List.of(user)));
  }

  /** Its CRD, role and account, without its Deployment and its webhook. */
  private static void install(BenchCluster cluster, Path checkout) {
    try {
      String crd = Files.readString(checkout.resolve("k8s/crds/agents.x-k8s.io_sandboxes.yaml"));
      String role = Files.readString(checkout.resolve("k8s/rbac.generated.yaml"));
      Manifests.apply(cluster.admin(), crd);
      Manifests.apply(cluster.admin(), role);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Manifests.apply(
        cluster.admin(),
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
        ---
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: %2$s, namespace: %1$s}}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: %2$s}
        subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %2$s}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: leases, namespace: %1$s}
        rules:
          - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: ["*"]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: leases, namespace: %1$s}
        subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: leases}
        """
            .formatted(SYSTEM, ACCOUNT));
    Progress.await(
        () -> "the peer's CRD to be served",
        Duration.ofMinutes(1),
        () -> cluster.admin().list(SANDBOX, BenchCluster.NAMESPACE, "").ok().isPresent());
  }

  private static Consumer<String> session(BenchCluster cluster, boolean home) {
    String fields = ", persistence: {enabled: " + home + "}";
    return name -> BareClient.submit(cluster.admin(), BenchCluster.NAMESPACE, name, fields);
  }

  private static Consumer<String> sandbox(BenchCluster cluster, boolean claims) {
    String volumes =
        claims
            ? """
              volumeClaimTemplates:
                - metadata: {name: home}
                  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
            """
            : "";
    String mounts = claims ? ", volumeMounts: [{name: home, mountPath: /home/user}]" : "";
    return name ->
        cluster
            .admin()
            .create(
                SANDBOX,
                BenchCluster.NAMESPACE,
                Manifests.parse(
                        """
                        apiVersion: agents.x-k8s.io/v1beta1
                        kind: Sandbox
                        metadata: {name: %s, namespace: %s}
                        spec:
                          service: true
                          podTemplate:
                            spec: {containers: [{name: desktop, image: desktop%s}]}
                        """
                                .formatted(name, BenchCluster.NAMESPACE, mounts)
                            + volumes)
                    .getFirst())
            .orElseThrow();
  }

  private Result.PeerFigures measure(
      BenchCluster cluster, ChildProcess controller, Stopwatch watch, Consumer<String> submit) {
    arrive(watch, "warm", WARM_UP, submit);
    cluster.requests().awaitQuiet(Duration.ofSeconds(10));
    long requests = cluster.requests().count();
    double before = ProcessFigures.of(controller.pid()).cpu();
    double apiServer = apiServerCpu(cluster);
    List<String> names = arrive(watch, "object", count, submit);
    double cpu = ProcessFigures.of(controller.pid()).cpu() - before;
    double apiServerCpu = apiServerCpu(cluster) - apiServer;
    // The heap shrinks when nothing has happened for a while; see docs/decisions/jvm.md.
    cluster.requests().awaitQuiet(Duration.ofSeconds(45));
    return new Result.PeerFigures(
        count,
        count / watch.secondsToAllPods(names),
        count / watch.secondsToAllRunning(names),
        (double) (cluster.requests().count() - requests) / count,
        ProcessFigures.of(controller.pid()),
        cpu * 1000 / count,
        apiServerCpu * 1000 / count);
  }

  private static double apiServerCpu(BenchCluster cluster) {
    return ProcessFigures.of(cluster.embedded().apiServer().pid()).cpu();
  }

  /** Creates objects, and returns their names when all of them are ready. */
  private static List<String> arrive(
      Stopwatch watch, String prefix, int count, Consumer<String> submit) {
    List<String> names = IntStream.range(0, count).mapToObj(i -> prefix + "-" + i).toList();
    new RequestLoad.Clients(CLIENTS)
        .run(
            count,
            i -> {
              submit.accept(names.get(i));
              watch.start(names.get(i));
            });
    watch.awaitPods(names);
    watch.awaitRunning(names);
    return names;
  }
}
