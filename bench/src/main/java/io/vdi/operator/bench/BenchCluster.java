package io.vdi.operator.bench;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.testing.ApiServerAuditLog;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A new cluster for each measurement, so that earlier ones have no influence. */
final class BenchCluster implements AutoCloseable {
  static final String NAMESPACE = "bench";

  /** The user of the controller. */
  static final String CONTROLLER = "system:serviceaccount:vdi-system:vdi-controller";

  static final String TEMPLATE = "bench";

  private static final String OPERATOR = "vdi-system";
  private static final String ACCOUNT = OperatorService.CONTROLLER.account();
  private static final String REAPER = OperatorService.REAPER.account();
  private static final int PODS_PER_NODE = 1000;

  /** The cluster deletes this folder when it closes. */
  private final Path folder = FileTree.temporary("vdi-bench-");

  private final ApiRequestCounts requests = new ApiRequestCounts(new ApiServerAuditLog(folder));
  private final EmbeddedCluster cluster;
  private final Path operatorKubeconfig;
  private final KubeClient admin;
  private final KubeClient operator;

  /**
   * @param sessions how many sessions the simulated nodes have room for
   */
  BenchCluster(int sessions) {
    this(
        sessions,
        requests ->
            requests.flags(
                "system:serviceaccount:" + OPERATOR + ":" + ACCOUNT,
                "system:serviceaccount:" + OPERATOR + ":" + REAPER));
  }

  /**
   * @param flags of the API server, which decide what it counts
   */
  BenchCluster(int sessions, Function<ApiRequestCounts, List<String>> flags) {
    cluster =
        EmbeddedCluster.start(
            folder,
            new SimulatedNodes.Spec(1 + sessions / PODS_PER_NODE, PODS_PER_NODE, PODS_PER_NODE),
            flags.apply(requests));
    RouterAddon.installCrds(cluster);
    new ChartInstaller(cluster, Path.of("charts/vdi-operator"), OPERATOR).installController();
    operatorKubeconfig =
        cluster.serviceAccountKubeconfig(OPERATOR, ACCOUNT, folder.resolve("operator.kubeconfig"));
    admin = cluster.connect();
    operator = Cluster.connect(operatorKubeconfig);
    Manifests.apply(
        admin,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: %s}
        spec: {image: desktop}
        """
            .formatted(TEMPLATE));
    createNamespace(NAMESPACE);
  }

  void createNamespace(String name) {
    Manifests.apply(
        admin, "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}".formatted(name));
  }

  /** A client with the permissions of the user who creates sessions. */
  KubeClient admin() {
    return admin;
  }

  /** A client with the service account of the controller. */
  KubeClient operator() {
    return operator;
  }

  EmbeddedCluster embedded() {
    return cluster;
  }

  ApiRequestCounts requests() {
    return requests;
  }

  /** The controller as a container of one pod, which takes over its Lease when it is restarted. */
  OperatorProcess.Launch controller() {
    return controller(Map.of("POD_UID", "1"));
  }

  OperatorProcess.Launch controller(Map<String, String> settings) {
    return launch(OperatorService.CONTROLLER, operatorKubeconfig, "controller", settings);
  }

  /**
   * @param name of the replica, in lower case
   */
  OperatorProcess.Launch controller(String name) {
    return launch(OperatorService.CONTROLLER, operatorKubeconfig, name, Map.of());
  }

  /** The reaper with its default configuration. */
  OperatorProcess.Launch reaper() {
    new ChartInstaller(cluster, Path.of("charts/vdi-operator"), OPERATOR).installReaper();
    return launch(
        OperatorService.REAPER,
        cluster.serviceAccountKubeconfig(OPERATOR, REAPER, folder.resolve("reaper.kubeconfig")),
        "reaper",
        // A session that is due without a warning ends only this long after the warning.
        Map.of("vdiConfig_WARNING_BEFORE", "5s"));
  }

  private OperatorProcess.Launch launch(
      OperatorService service, Path kubeconfig, String name, Map<String, String> settings) {
    return service
        .launch(Path.of(""), OPERATOR, kubeconfig, folder, name, settings)
        .withJvm(JvmFlags.of(service));
  }

  @Override
  public void close() {
    admin.close();
    operator.close();
    cluster.close();
  }
}
