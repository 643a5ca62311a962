package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.LargeSessions;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceMemory;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The reaper does not keep the annotations of other programs. */
@EnabledIfSystemProperty(named = "vdi.chaos", matches = "true")
@ExtendWith(ClusterExtension.class)
class MemoryIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir Path folder;

  MemoryIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(PATIENCE);
  }

  @Test
  @DisplayName(
      "300 sessions with 250 KB of annotations each, listed and changed, need little memory")
  void largeAnnotations() {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "plain", "");
    LargeSessions sessions = new LargeSessions(namespace);
    sessions.create("plain");
    try (RunningService.InProcess reaper =
        REAPER.startProcess(REAPER.kubeconfig(cluster), folder, "reaper")) {
      reaper.awaitReady();
      await("the reaper to lead").atMost(PATIENCE).until(reaper::isLeader);
      sessions.change();
      SessionFixture last =
          namespace
              .session("last")
              .createRunning("template: plain, timeout: 1s", Instant.now().minusSeconds(60));
      last.awaitNotFound();
      ServiceMemory.expectSmall(reaper.process());
    }
  }
}
