package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.LargeSessions;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceMemory;
import io.vdi.operator.devcluster.testing.SessionFixture;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The controller does not keep the annotations of other programs. */
@EnabledIfSystemProperty(named = "vdi.chaos", matches = "true")
@ExtendWith(ClusterExtension.class)
class MemoryIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir Path folder;

  MemoryIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @Test
  @DisplayName(
      "300 sessions with 250 KB of annotations each, listed, written and changed, need little"
          + " memory")
  void largeAnnotations() {
    TestController.installWithTemplates(cluster, api);
    LargeSessions sessions = new LargeSessions(namespace);
    // The template is missing: each session is written, and there are no pods to start.
    sessions.create("missing");
    try (RunningService.InProcess controller =
        CONTROLLER
            .withSettings(Map.of("vdiConfig_LEADER_ELECTION_LEASE_NAME", "memory"))
            .startProcess(CONTROLLER.kubeconfig(cluster), folder, "controller")) {
      controller.awaitReady();
      sessions.all().forEach(session -> session.awaitPhase(Phase.FAILED));
      sessions.change();
      namespace.session("last").create("template: kwok").awaitPhase(Phase.RUNNING);
      ServiceMemory.expectSmall(controller.process());
      // The finalizers: the cluster is shared with other tests.
      sessions.all().forEach(SessionFixture::delete);
      sessions.all().forEach(SessionFixture::awaitNotFound);
    }
  }
}
