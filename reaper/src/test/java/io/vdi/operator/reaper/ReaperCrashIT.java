package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Reapers as processes: one is killed, or the API server is away. */
@ExtendWith(ClusterExtension.class)
class ReaperCrashIT {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration OUTAGE = Duration.ofSeconds(60);
  private static final int SESSIONS = 150;
  private static final int ORPHANS = 60;

  private final Cluster cluster;
  private final ReaperFixture scene;

  @TempDir Path folder;

  ReaperCrashIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.scene = new ReaperFixture(api, namespace.name());
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api, TestNamespace namespace) {
    RunningReaper.install(cluster);
    new ReaperFixture(api, namespace.name()).template("plain", "displayName: Plain");
  }

  @Test
  void ofTwoReapersOneDeletesAndWhenItIsKilledTheOtherGoesOnAndNothingIsDeletedTwice() {
    Map<String, Integer> once = new TreeMap<>();
    for (int i = 0; i < SESSIONS; i++) {
      String name = "over-" + i;
      // Some are held by their finalizer: no second deletion of what is on its way already.
      String finalizer = i % 3 == 0 ? "finalizers: [" + VdiSession.FINALIZER + "]" : "";
      scene.session(name, "template: plain, timeout: 1s", finalizer);
      scene.status(name, "{\"phase\": \"Running\", \"startTime\": \"2026-01-01T00:00:00Z\"}");
      once.put(scene.collection(ResourceType.SESSION) + "/" + name, 1);
    }
    for (int i = 0; i < ORPHANS; i++) {
      scene.child(ResourceType.SERVICE, "lost-" + i, "");
      once.put(scene.collection(ResourceType.SERVICE) + "/lost-" + i, 1);
    }
    scene.running("staying", "template: plain, timeout: 9h", Instant.now());
    try (ApiProxy proxy = ApiProxy.before(cluster);
        OperatorProcess first = start(proxy.kubeconfig(), "first")) {
      await("the first to lead").atMost(LONG).until(() -> leads(first));
      try (OperatorProcess second = start(proxy.kubeconfig(), "second")) {
        await("the first deletions")
            .atMost(LONG)
            .pollInterval(Duration.ofMillis(2))
            .until(() -> proxy.deletions().size() >= 10);
        first.process().kill();
        int before = proxy.deletions().size();
        assertTrue(before < once.size(), "it was killed too late");
        await("the second to finish")
            .atMost(LONG)
            .until(() -> proxy.deletions().size() >= once.size());
        await("another sweep")
            .atMost(LONG)
            .until(() -> second.page("/report").contains("\"overdue\":0"));
        assertEquals(once, proxy.deletions());
        assertTrue(scene.exists("staying"));
        assertTrue(leads(second));
      }
    }
    for (int i = 0; i < SESSIONS; i += 3) {
      scene
          .api()
          .mergePatch(
              ResourceType.SESSION,
              scene.namespace(),
              "over-" + i,
              ReaperFixture.json("{\"metadata\": {\"finalizers\": null}}"));
    }
  }

  @Test
  void anExpiryDuringAnOutageIsMetAfterIt() throws InterruptedException {
    assumeTrue(cluster instanceof EmbeddedCluster, "only there the API server can be stopped");
    EmbeddedCluster embedded = (EmbeddedCluster) cluster;
    scene.running("outlasting", "template: plain, timeout: 9h", Instant.now());
    scene.running("due-in-outage", "template: plain, timeout: 20s", Instant.now());
    Path kubeconfig = RunningReaper.kubeconfig(cluster);
    AtomicBoolean over = new AtomicBoolean();
    OperatorProcess reaper = start(kubeconfig, "reaper");
    // As its Deployment does: the leader that cannot renew its Lease ends, and is started again.
    Thread deployment = Thread.ofVirtual().start(() -> keepAlive(reaper, over));
    try {
      await("it to lead").atMost(LONG).until(() -> leads(reaper));
      scene.awaitEvent("due-in-outage", "SessionExpiring");
      embedded.apiServer().kill();
      Instant down = Instant.now();
      await("the outage to pass")
          .atMost(OUTAGE.plusSeconds(5))
          .until(() -> Duration.between(down, Instant.now()).compareTo(OUTAGE) >= 0);
      embedded.apiServer().restart();
      embedded.awaitReady();
      await("the expiry").atMost(LONG).until(() -> !scene.exists("due-in-outage"));
      assertTrue(scene.exists("outlasting"));
    } finally {
      over.set(true);
      reaper.close();
      deployment.join(LONG);
    }
  }

  private static void keepAlive(OperatorProcess reaper, AtomicBoolean over) {
    while (!over.get()) {
      reaper.process().onExit().join();
      if (!over.get()) {
        reaper.process().restart();
      }
    }
  }

  private static boolean leads(OperatorProcess reaper) {
    return reaper
        .page("/observe/metrics")
        .lines()
        .anyMatch(line -> line.startsWith("vdi_leader") && line.endsWith(" 1.0"));
  }

  private OperatorProcess start(Path kubeconfig, String name) {
    Map<String, String> settings = new HashMap<>();
    settings.put("VDI_LEADER_ELECTION_LEASE_NAME", "vdi-reaper-" + scene.namespace());
    settings.put("VDI_LEADER_ELECTION_LEASE_DURATION", "5s");
    settings.put("VDI_LEADER_ELECTION_RENEW_DEADLINE", "3s");
    settings.put("VDI_LEADER_ELECTION_RETRY_PERIOD", "1s");
    settings.put("VDI_CONFIRM_MASS_DELETION", "true");
    settings.put("VDI_ORPHAN_GRACE_PERIOD", "1s");
    settings.put("VDI_SWEEP_INTERVAL", "1s");
    return OperatorProcess.start(
        OperatorService.REAPER.launch(
            Path.of(".."),
            RunningReaper.NAMESPACE,
            kubeconfig,
            folder,
            name,
            settings,
            OperatorProcess.JVM_FLAGS));
  }
}
