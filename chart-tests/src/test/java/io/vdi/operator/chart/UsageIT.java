package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.cli.Main;
import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code kubectl vdi usage} with the role of the chart, on a real API server. */
@ExtendWith(ClusterExtension.class)
class UsageIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  @TempDir Path folder;

  UsageIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @Test
  void theRoleOfTheChartIsWhatTheCommandNeeds() {
    ChartInstaller chart =
        new ChartInstaller(cluster, ServiceUnderTest.CHART, OperatorService.NAMESPACE);
    chart.installController();
    chart.installUserRoles();
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: vdi-config}
        data: {controller.yaml: "usage: {timeZone: Europe/Berlin}"}
        ---
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDIUsage
        metadata: {name: one, labels: {vdi.kasm.io/usage: 2026-01}}
        spec:
          session: {namespace: team-a, name: desk, uid: u1}
          user: alice@example.com
          template: ubuntu
          gpu: {resource: nvidia.com/gpu, count: 2}
          start: "2026-01-10T08:00:00Z"
          end: "2026-01-10T09:30:00Z"
          reason: Suspended
        """,
        namespace);
    Path kubeconfig =
        cluster.serviceAccountKubeconfig(namespace, "auditor", folder.resolve("kubeconfig"));
    TestConsole refused = usage(kubeconfig, 1);
    assertThat(refused.err())
        .contains("is forbidden", "kubectl -n " + namespace, "--clusterrole=vdi-usage-view");
    Manifests.apply(
        api,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: usage}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: vdi-usage-view}
        subjects: [{kind: ServiceAccount, name: auditor, namespace: %s}]
        """
            .formatted(namespace),
        namespace);
    await("the binding to apply")
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() ->
            assertThat(usage(kubeconfig, 0).out())
                .isEqualTo(
                    """
                    USER                SESSIONS   HOURS   GPU HOURS
                    alice@example.com   1          1.5     3
                    """));
  }

  private TestConsole usage(Path kubeconfig, int exitCode) {
    TestConsole console = new TestConsole(0, false, Map.of("KUBECONFIG", kubeconfig.toString()));
    assertThat(
            Main.run(
                console.console(),
                "usage",
                "-A",
                "--month",
                "2026-01",
                "--operator-namespace",
                namespace))
        .as(console.err())
        .isEqualTo(exitCode);
    return console;
  }
}
