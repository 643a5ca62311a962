package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import io.vdi.operator.devcluster.testing.WatchProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Reapers as processes: the leader is killed, or the API server is unavailable. */
@ExtendWith(ClusterExtension.class)
class ReaperCrashIT {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration OUTAGE = Duration.ofSeconds(60);
  private static final int SESSIONS = 150;
  private static final int ORPHANS = 60;

  private final Cluster cluster;
  private final TestNamespace namespace;

  @TempDir Path folder;

  ReaperCrashIT(Cluster cluster, TestNamespace namespace) {
    this.cluster = cluster;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "plain", "");
  }

  @Test
  @DisplayName("When the leader is killed, the other reaper continues and deletes nothing twice")
  void otherReplicaTakesOver() {
    Map<String, Integer> once = new TreeMap<>();
    List<SessionFixture> held = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      SessionFixture session = namespace.session("over-" + i);
      // A finalizer keeps every third session: it must not be deleted a second time.
      boolean finalizer = i % 3 == 0;
      session.create(
          "template: plain, timeout: 1s",
          finalizer ? "finalizers: [" + VdiSession.FINALIZER + "]" : "");
      session.setStatus("phase: Running, startTime: \"2026-01-01T00:00:00Z\"");
      if (finalizer) {
        held.add(session);
      }
      once.put(session.path(), 1);
    }
    for (int i = 0; i < ORPHANS; i++) {
      SessionFixture session = namespace.session("lost-" + i);
      session.newChild(ResourceType.SERVICE).create();
      once.put(session.childPath(ResourceType.SERVICE), 1);
    }
    SessionFixture living =
        namespace.session("staying").createRunning("template: plain, timeout: 9h", Instant.now());
    try (WatchProxy proxy = new WatchProxy(REAPER.kubeconfig(cluster));
        RunningService.InProcess first = start(proxy.kubeconfig(), "first")) {
      await("the first reaper to lead").atMost(LONG).until(first::isLeader);
      try (RunningService.InProcess second = start(proxy.kubeconfig(), "second")) {
        await("the first deletions")
            .atMost(LONG)
            .pollInterval(Duration.ofMillis(2))
            .until(() -> proxy.deletions().size(), count -> count >= 10);
        first.kill();
        assertThat(proxy.deletions()).as("deletions of the first").hasSizeLessThan(once.size());
        await("the second reaper to finish")
            .atMost(LONG)
            .until(() -> proxy.deletions().size(), count -> count >= once.size());
        await("another sweep")
            .atMost(LONG)
            .until(() -> second.page("/report"), report -> report.contains("\"overdue\":0"));
        assertThat(proxy.deletions()).isEqualTo(once);
        living.expectExists();
        assertThat(second).matches(RunningService::isLeader, "leads");
      }
    }
    held.forEach(SessionFixture::removeFinalizers);
  }

  @Test
  void deletesAfterAnOutageWhatExpiredDuringIt() throws InterruptedException {
    assumeTrue(
        cluster instanceof EmbeddedCluster, "stops the API server: only in a cluster of our own");
    EmbeddedCluster embedded = (EmbeddedCluster) cluster;
    SessionFixture living =
        namespace.session("living").createRunning("template: plain, timeout: 9h", Instant.now());
    SessionFixture due =
        namespace.session("due").createRunning("template: plain, timeout: 20s", Instant.now());
    AtomicBoolean over = new AtomicBoolean();
    RunningService.InProcess reaper = start(REAPER.kubeconfig(cluster), "reaper");
    // As its Deployment does: a leader that cannot renew its Lease exits, and is started again.
    Thread deployment = Thread.ofVirtual().start(() -> restartUntil(over, reaper));
    try {
      await("the reaper to lead").atMost(LONG).until(reaper::isLeader);
      due.awaitEvent("SessionExpiring");
      embedded.apiServer().kill();
      Instant end = Instant.now().plus(OUTAGE);
      await("the end of the outage")
          .atMost(OUTAGE.plusSeconds(5))
          .until(() -> !Instant.now().isBefore(end));
      embedded.apiServer().restart();
      embedded.awaitReady();
      await("the deletion of the due session").atMost(LONG).until(() -> !due.exists());
      living.expectExists();
    } finally {
      over.set(true);
      reaper.close();
      deployment.join(LONG);
    }
  }

  private static void restartUntil(AtomicBoolean over, RunningService.InProcess reaper) {
    while (!over.get()) {
      reaper.process().onExit().join();
      if (!over.get()) {
        reaper.process().restart();
      }
    }
  }

  private RunningService.InProcess start(Path kubeconfig, String name) {
    return REAPER
        .withSettings(
            Map.of(
                "vdiConfig_LEADER_ELECTION_LEASE_NAME", "vdi-reaper-" + namespace,
                "vdiConfig_LEADER_ELECTION_LEASE_DURATION", "5s",
                "vdiConfig_LEADER_ELECTION_RENEW_DEADLINE", "3s",
                "vdiConfig_LEADER_ELECTION_RETRY_PERIOD", "1s",
                "vdiConfig_CONFIRM_MASS_DELETION", "true",
                "vdiConfig_ORPHAN_GRACE_PERIOD", "1s",
                "vdiConfig_SWEEP_INTERVAL", "1s"))
        .startProcess(kubeconfig, folder, name);
  }
}
