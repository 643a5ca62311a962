package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What stops the reaper from deleting sessions that are due: dry run, mass-deletion guard, rate.
 */
@ExtendWith(ClusterExtension.class)
class LimitsIT {
  private static final int DUE = 12;

  private final Cluster cluster;
  private final TestNamespace namespace;

  LimitsIT(Cluster cluster, TestNamespace namespace) {
    this.cluster = cluster;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestReaper.install(cluster);
    RouterAddon.installCrds(cluster);
    TestTemplates.apply(api, "plain", "");
  }

  @Test
  void dryRunReportsAndChangesNothing() {
    List<SessionFixture> due = createDueSessions("dry");
    SessionFixture orphan = namespace.session("dry-orphan");
    orphan.newChild(ResourceType.SERVICE).create();
    SessionFixture home = namespace.session("dry-home");
    home.newChild(ResourceType.PERSISTENT_VOLUME_CLAIM).create();
    String config = "sweepInterval: 1s\norphanGracePeriod: 1s\n";
    try (RunningService.InThisJvm reaper =
        REAPER.withConfigFile("dryRun: true\nwarningBefore: 1h\n" + config).start(cluster)) {
      awaitReport(
          reaper,
          report ->
              report.count("overdue") >= DUE
                  && report.contains("its session dry-orphan is gone")
                  && report.contains("vdi-data-dry-home"));
      assertThat(Report.of(reaper).json().get("dryRun").getAsBoolean()).isTrue();
      assertThat(countExisting(due)).isEqualTo(DUE);
      orphan.expectChild(ResourceType.SERVICE);
      assertThat(
              home.child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                  .orElseThrow()
                  .metadata()
                  .annotations())
          .doesNotContainKey(Annotations.RELEASED_AT);
      assertThat(due.getFirst().countEvents("SessionExpiring")).isZero();

      reaper.configure("confirmMassDeletion: true\n" + config);
      awaitAllDeleted(due);
      orphan.awaitChildDeletion(ResourceType.SERVICE);
    }
  }

  @Test
  void guardStopsMassDeletionUntilItIsConfirmed() {
    List<SessionFixture> due = createDueSessions("guarded");
    try (RunningService.InThisJvm reaper =
        REAPER.withConfigFile("sweepInterval: 1s\n").start(cluster)) {
      awaitReport(
          reaper,
          report -> report.json().get("brake").getAsString().contains("confirmMassDeletion"));
      awaitReport(reaper, report -> report.count("overdue") >= DUE);
      assertThat(countExisting(due)).isEqualTo(DUE);
      reaper.configure("sweepInterval: 1s\nconfirmMassDeletion: true\n");
      awaitAllDeleted(due);
    }
  }

  @Test
  void deletesAtMostTheConfiguredNumberPerMinute() {
    List<SessionFixture> due = createDueSessions("limited");
    try (RunningService reaper =
        REAPER
            .withConfigFile(TestReaper.WITHOUT_SWEEPS + "maxDeletionsPerMinute: 5\n")
            .start(cluster)) {
      awaitReport(reaper, report -> report.count("overdue") == DUE - 5);
      // The report counts a deletion before the API server has answered.
      await("the last deletion").until(() -> countExisting(due) == DUE - 5);
      assertThat(Report.of(reaper).json().toString()).contains("held by maxDeletionsPerMinute");
    }
    try (RunningService unlimited =
        REAPER.withConfigFile(TestReaper.WITHOUT_SWEEPS).start(cluster)) {
      awaitAllDeleted(due);
      assertThat(Report.of(unlimited).count("overdue")).isZero();
    }
  }

  private List<SessionFixture> createDueSessions(String prefix) {
    return IntStream.range(0, DUE)
        .mapToObj(i ->
            namespace
                .session(prefix + "-" + i)
                .createRunning("template: plain, timeout: 1s", Instant.now().minusSeconds(60)))
        .toList();
  }

  private static void awaitReport(RunningService reaper, Predicate<Report> condition) {
    await("the report").atMost(TestReaper.PATIENCE).until(() -> Report.of(reaper), condition);
  }

  private static void awaitAllDeleted(List<SessionFixture> sessions) {
    await("the deletion of all due sessions")
        .atMost(TestReaper.PATIENCE)
        .until(() -> countExisting(sessions), count -> count == 0);
  }

  private static long countExisting(List<SessionFixture> sessions) {
    return sessions.stream().filter(SessionFixture::exists).count();
  }
}
