package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What keeps the reaper from deleting, though all is due: dry run, brake, limit. */
@ExtendWith(ClusterExtension.class)
class LimitsIT {
  private static final int DUE = 12;

  private final Cluster cluster;
  private final ReaperFixture scene;

  LimitsIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.scene = new ReaperFixture(api, namespace.name());
  }

  @BeforeAll
  static void install(Cluster cluster) {
    RunningReaper.install(cluster);
    RouterAddon.installCrds(cluster);
  }

  @Test
  void aDryRunReportsAndTouchesNothing() {
    List<String> names = due("dry");
    scene.child(ResourceType.SERVICE, "dry-orphan", "");
    scene.child(ResourceType.PERSISTENT_VOLUME_CLAIM, "dry-home", "");
    try (RunningReaper reaper =
        RunningReaper.start(
            cluster,
            "dryRun: true\nsweepInterval: 1s\norphanGracePeriod: 1s\nwarningBefore: 1h\n")) {
      await("the report")
          .atMost(ReaperFixture.PATIENCE)
          .until(() ->
              reaper.reported("overdue") >= DUE
                  && reaper.report().toString().contains("its session dry-orphan is gone")
                  && reaper.report().toString().contains("vdi-data-dry-home"));
      assertTrue(reaper.report().get("dryRun").getAsBoolean());
      assertEquals(DUE, living(names));
      assertTrue(scene.stays(ResourceType.SERVICE, "dry-orphan"));
      assertTrue(
          scene
              .api()
              .get(ResourceType.PERSISTENT_VOLUME_CLAIM, scene.namespace(), "vdi-data-dry-home")
              .orElseThrow()
              .metadata()
              .annotation("vdi.kasm.io/released-at")
              .isEmpty());
      assertEquals(0, scene.events("dry-0", "SessionExpiring"));
      reaper.configure("confirmMassDeletion: true\nsweepInterval: 1s\norphanGracePeriod: 1s\n");
      await("all to go").atMost(ReaperFixture.PATIENCE).until(() -> living(names) == 0);
      await("the orphan to go")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> scene.isGone(ResourceType.SERVICE, "dry-orphan"));
    }
  }

  @Test
  void theBrakeHoldsUntilTheMassDeletionIsConfirmed() {
    List<String> names = due("braked");
    try (RunningReaper reaper = RunningReaper.start(cluster, "sweepInterval: 1s\n")) {
      await("the brake")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> reaper.report().get("brake").getAsString().contains("confirmMassDeletion"));
      await("all to be looked at")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> reaper.reported("overdue") >= DUE);
      assertEquals(DUE, living(names));
      reaper.configure("sweepInterval: 1s\nconfirmMassDeletion: true\n");
      await("all to go").atMost(ReaperFixture.PATIENCE).until(() -> living(names) == 0);
    }
  }

  @Test
  void inAMinuteNoMoreGoThanAllowed() {
    List<String> names = due("limited");
    try (RunningReaper reaper =
        RunningReaper.start(cluster, RunningReaper.QUIET + "maxDeletionsPerMinute: 5\n")) {
      await("the rest to wait")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> reaper.reported("overdue") == DUE - 5);
      assertEquals(DUE - 5, living(names));
      assertTrue(reaper.report().toString().contains("held by maxDeletionsPerMinute"));
    }
    try (RunningReaper unlimited = RunningReaper.start(cluster, RunningReaper.QUIET)) {
      await("all to go").atMost(ReaperFixture.PATIENCE).until(() -> living(names) == 0);
      assertEquals(0, unlimited.reported("overdue"));
    }
  }

  private List<String> due(String prefix) {
    scene.template("plain", "displayName: Plain");
    return IntStream.range(0, DUE)
        .mapToObj(i -> prefix + "-" + i)
        .map(name ->
            scene
                .running(name, "template: plain, timeout: 1s", Instant.now().minusSeconds(60))
                .name())
        .toList();
  }

  private long living(List<String> names) {
    return names.stream().filter(scene::exists).count();
  }
}
