package io.vdi.operator.gate;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.testing.ApiServerAuditLog;
import io.vdi.operator.devcluster.testing.RbacUsage;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.gate.signin.TestProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A real API server with the admission webhook, and gates in this JVM. All have the permissions of
 * the chart. Users sign in at a provider in this JVM.
 */
final class GateCluster {
  static final String NAMESPACE = OperatorService.NAMESPACE;

  final TestProvider provider = TestProvider.start();
  final ApiServerAuditLog audit;
  final EmbeddedCluster cluster;

  /** A client that may do everything. */
  final KubeClient root;

  private final Path folder;
  private final List<AutoCloseable> running = new ArrayList<>();

  /** Starts the API server, which logs the requests of the services; see {@link #install}. */
  GateCluster(Path folder, SimulatedNodes.Spec nodes) {
    Path auditFolder = folder.resolve("audit");
    this.folder = folder;
    this.audit = new ApiServerAuditLog(auditFolder);
    this.cluster =
        EmbeddedCluster.start(folder.resolve("cluster"), nodes, RbacUsage.flags(auditFolder));
    this.root = cluster.connect();
  }

  /**
   * Installs the chart's roles and starts the admission webhook.
   *
   * @param config of the webhook, beside {@code identity}
   */
  void install(String config) {
    ChartInstaller chart = new ChartInstaller(cluster, ServiceUnderTest.CHART, NAMESPACE);
    chart.installController();
    chart.installGate();
    chart.installUserRoles();
    int port = LoopbackPorts.free(1).getFirst();
    chart.installWebhook("https://127.0.0.1:" + port);
    start(
        OperatorService.ADMISSION_WEBHOOK,
        config
            + "\nidentity: {prefix: 'oidc:', adminGroups: ['oidc:vdi-admins', 'system:masters']}",
        OperatorService.webhookAt(port));
    ChartInstaller.awaitAdmission(cluster);
  }

  /** Starts a packaged service and waits until it is ready. */
  void start(OperatorService service, String config, Map<String, String> settings) {
    closing(RunningService.InProcess.start(cluster, service, folder, config, settings))
        .awaitReady();
  }

  /** Starts a gate with further settings. */
  TestGate gate(Map<String, String> settings) throws Exception {
    Map<String, String> all = new HashMap<>(settings);
    all.put("vdiConfig_NAMESPACE", NAMESPACE);
    all.put("vdiConfig_IDENTITY_PREFIX", "oidc:");
    all.put("vdiConfig_IDENTITY_ADMIN_GROUPS", "oidc:vdi-admins");
    all.put("vdiConfig_GATE_OIDC_GROUPS_PREFIX", "oidc:");
    Path kubeconfig = Files.createTempFile(folder, "gate-", ".kubeconfig");
    return closing(
        new TestGate(
            Cluster.connect(
                cluster.serviceAccountKubeconfig(
                    NAMESPACE, OperatorService.GATE.account(), kubeconfig)),
            provider.issuer(),
            all));
  }

  /** Closes it before the API server. */
  <T extends AutoCloseable> T closing(T started) {
    running.add(started);
    return started;
  }

  /**
   * Records which permissions the services used, and stops all.
   *
   * @param test the class whose tests ran
   */
  void stop(Class<?> test) throws Exception {
    for (AutoCloseable each : running.reversed()) {
      each.close();
    }
    provider.close();
    root.close();
    RbacUsage.write(audit.folder(), test.getSimpleName());
    cluster.close();
  }
}
