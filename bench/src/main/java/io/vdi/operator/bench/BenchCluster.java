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
import io.vdi.operator.devcluster.testing.AuditLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A fresh cluster for each measurement: what was before does not count. */
final class BenchCluster implements AutoCloseable {
  static final String NAMESPACE = "bench";
  static final String TEMPLATE = "bench";

  private static final String OPERATOR = "vdi-system";
  private static final String ACCOUNT = OperatorService.CONTROLLER.account();
  private static final String REAPER = OperatorService.REAPER.account();
  private static final int PODS_ON_A_NODE = 1000;

  /** The cluster's own: goes with it, however we end. */
  private final Path folder;

  private final EmbeddedCluster cluster;
  private final Path operatorKubeconfig;
  private final ApiRequestCounts requests;
  private final KubeClient admin;
  private final KubeClient operator;

  /**
   * @param room for so many sessions
   */
  BenchCluster(int room) {
    try {
      folder = Files.createTempDirectory("vdi-bench-");
      requests = new ApiRequestCounts(new AuditLog(folder));
      cluster =
          EmbeddedCluster.start(
              folder,
              new SimulatedNodes.Spec(1 + room / PODS_ON_A_NODE, PODS_ON_A_NODE, PODS_ON_A_NODE),
              requests.flags(
                  "system:serviceaccount:" + OPERATOR + ":" + ACCOUNT,
                  "system:serviceaccount:" + OPERATOR + ":" + REAPER));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    RouterAddon.installCrds(cluster);
    new ChartInstaller(cluster, Path.of("charts/vdi-operator"), OPERATOR).installController();
    operatorKubeconfig =
        cluster.serviceAccountKubeconfig(OPERATOR, ACCOUNT, folder.resolve("operator.kubeconfig"));
    admin = cluster.connect();
    operator = Cluster.connect(operatorKubeconfig);
    Manifests.apply(
        admin,
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: %s}}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: %s}
        spec: {image: desktop}
        """
            .formatted(NAMESPACE, TEMPLATE));
  }

  /** As the user who makes sessions. */
  KubeClient admin() {
    return admin;
  }

  /** With the rights, and under the name, of the controller. */
  KubeClient operator() {
    return operator;
  }

  EmbeddedCluster cluster() {
    return cluster;
  }

  ApiRequestCounts requests() {
    return requests;
  }

  OperatorProcess.Launch controller(List<String> jvm) {
    return launch(OperatorService.CONTROLLER, operatorKubeconfig, jvm);
  }

  /** The reaper, as it is by default. */
  OperatorProcess.Launch reaper(List<String> jvm) {
    new ChartInstaller(cluster, Path.of("charts/vdi-operator"), OPERATOR).installReaper();
    return launch(
        OperatorService.REAPER,
        cluster.serviceAccountKubeconfig(OPERATOR, REAPER, folder.resolve("reaper.kubeconfig")),
        jvm);
  }

  private OperatorProcess.Launch launch(
      OperatorService service, Path kubeconfig, List<String> jvm) {
    return service.launch(
        Path.of(""), OPERATOR, kubeconfig, folder, service.module(), Map.of(), jvm);
  }

  @Override
  public void close() {
    admin.close();
    operator.close();
    cluster.close();
  }
}
