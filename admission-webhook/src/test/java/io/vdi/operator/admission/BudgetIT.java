package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A spent budget of GPU hours, with the permissions of the chart. */
@ExtendWith(ClusterExtension.class)
class BudgetIT {
  private static WebhookFleet fleet;

  @BeforeAll
  static void start(Cluster cluster) {
    fleet = new WebhookFleet(cluster, 1, "quota: {budgets: {user: {gpuHours: 0}}}", Map.of());
  }

  @AfterAll
  static void stop() {
    fleet.close();
  }

  @Test
  void aSpentBudgetRefusesGpusAndNothingElse(KubeClient api, TestNamespace namespace) {
    Manifests.apply(
        api,
        """
        {apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: budget},
         spec: {image: desktop, resources: {defaultGPU: 0}}}
        """);
    Manifests.apply(
        api,
        """
        {apiVersion: vdi.kasm.io/v1alpha1, kind: VDIUsage,
         metadata: {name: budget, namespace: %s, labels: {vdi.kasm.io/usage: open}},
         spec: {session: {namespace: a, name: b, uid: c}, user: alice@example.com, template: budget,
           gpu: {resource: nvidia.com/gpu, count: 1}, start: '%s'}}
        """
            .formatted(
                OperatorService.NAMESPACE,
                Instant.now().minusSeconds(60).truncatedTo(ChronoUnit.SECONDS)));
    await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(() ->
            assertThat(create(api, namespace, "gpu", "resources: {gpu: 1}"))
                .contains("GPU hour quota exceeded for user alice@example.com: used 0"));
    assertThat(create(api, namespace, "plain", "timeout: 1h")).isEmpty();
  }

  /** The refusal; empty if there is none. A session that was admitted is deleted. */
  private static String create(KubeClient api, TestNamespace namespace, String name, String spec) {
    var created =
        api.create(
            ResourceType.SESSION,
            namespace.name(),
            Manifests.parse(
                    "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: %s}, spec: {user: alice@example.com, template: budget, %s}}"
                        .formatted(name, spec))
                .getFirst());
    created
        .ok()
        .ifPresent(session ->
            api.delete(ResourceType.SESSION, session.namespace(), session.name(), session.uid()));
    return created.failure().map(failure -> failure.message()).orElse("");
  }
}
