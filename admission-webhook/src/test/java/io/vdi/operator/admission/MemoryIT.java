package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.LargeSessions;
import io.vdi.operator.devcluster.testing.ServiceMemory;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** The webhook does not keep the annotations of other programs. */
@EnabledIfSystemProperty(named = "vdi.chaos", matches = "true")
@ExtendWith(ClusterExtension.class)
class MemoryIT {
  private final Cluster cluster;
  private final TestNamespace namespace;

  MemoryIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  @Test
  @DisplayName(
      "300 sessions with 250 KB of annotations each, admitted, changed and listed, need little"
          + " memory")
  void largeAnnotations() {
    try (WebhookFleet fleet =
        new WebhookFleet(cluster, 1, "quota: {namespace: {sessions: 301}}", Map.of())) {
      await("the API server to call the webhook")
          .until(() ->
              namespace
                  .session("invalid")
                  .tryCreate("template: missing, timeout: 0s")
                  .failure()
                  .isPresent());
      LargeSessions sessions = new LargeSessions(namespace);
      sessions.create("missing");
      // It lists all sessions, as a service that restarts does.
      fleet.kill(0);
      fleet.restart(0);
      sessions.change();
      namespace.session("last").create("template: missing");
      assertThat(namespace.session("over").tryCreate("template: missing").failure())
          .get()
          .matches(failure -> failure.message().contains("Session quota exceeded"), "is the quota");
      ServiceMemory.expectSmall(fleet.replica(0).process());
    }
  }
}
