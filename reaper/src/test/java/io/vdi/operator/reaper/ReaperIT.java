package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every reason for which a session goes, once; and what saves it. No sweep helps: see QUIET. */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReaperIT {
  private static final String SETTINGS =
      RunningReaper.QUIET
          + """
          failedSessionTtl: 3s
          deleteNeverStarted: true
          terminatingTimeout: 1s
          """;

  private final Cluster cluster;
  private final ReaperFixture scene;
  private RunningReaper reaper;

  ReaperIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.scene = new ReaperFixture(api, namespace.name());
  }

  @BeforeAll
  void start() {
    RunningReaper.install(cluster);
    scene.template("plain", "displayName: Plain");
    scene.template("hurried", "startupTimeout: 3s");
    scene.template("capped", "maxTimeout: 100h");
    reaper = RunningReaper.start(cluster, SETTINGS);
  }

  @AfterAll
  void stop() {
    reaper.close();
  }

  @Test
  void aTimeoutIsWarnedOfOnceAndMet() {
    scene.running("timed", "template: plain, timeout: 5s", Instant.now());
    scene.awaitEvent("timed", "SessionExpiring");
    assertTrue(scene.exists("timed"));
    scene.awaitGone("timed");
    scene.awaitEvent("timed", "SessionExpired");
    assertEquals(1, scene.events("timed", "SessionExpiring"));
    assertEquals(1, scene.events("timed", "SessionExpired"));
  }

  @Test
  void aRaisedTimeoutCountsAndALoweredOneToo() {
    scene.running("moved", "template: plain, timeout: 4s", Instant.now());
    scene.extend("moved", "10h").orElseThrow();
    scene.running("marker", "template: plain, timeout: 6s", Instant.now());
    scene.awaitGone("marker");
    assertTrue(scene.exists("moved"));
    scene.extend("moved", "5s").orElseThrow();
    scene.awaitGone("moved");
  }

  @Test
  void whatTheTemplateAllowsAtMostCounts() {
    scene.running("capped", "template: capped, timeout: 200h", Instant.now().minusSeconds(3600));
    scene.template("capped", "maxTimeout: 30m");
    scene.awaitGone("capped");
  }

  @Test
  void aSessionThatFailedGoesAfterItsTime() {
    scene.session("broken", "template: plain");
    Instant since = Instant.now();
    scene.status(
        "broken",
        """
        {"phase": "Failed", "conditions": [{"type": "Failed", "status": "True", "reason": "Evicted",
          "message": "", "lastTransitionTime": "%s"}]}
        """
            .formatted(ReaperFixture.seconds(since)));
    scene.awaitGone("broken");
    assertTrue(!Instant.now().isBefore(ReaperFixture.seconds(since).plusSeconds(3)));
  }

  @Test
  void aDesktopThatNeverBecomesReadyGoes() {
    VdiSession session = scene.session("never", "template: hurried");
    scene.status("never", "{\"phase\": \"Pending\", \"podName\": \"never\"}");
    scene.child(ResourceType.POD, session);
    scene.awaitGone("never");
  }

  @Test
  void keepSavesASession() {
    scene.session(
        "kept",
        "template: plain, timeout: 1s",
        "annotations: {" + Annotations.KEEP + ": \"true\"}");
    scene.status("kept", "{\"phase\": \"Running\", \"startTime\": \"2026-01-01T00:00:00Z\"}");
    scene.running("unkept", "template: plain, timeout: 1s", Instant.now());
    scene.awaitGone("unkept");
    assertTrue(scene.exists("kept"));
  }

  @Test
  void whoIsSuspendedRests() {
    scene.running("resting", "template: plain, timeout: 1s, suspended: true", Instant.now());
    scene.running("restless", "template: plain, timeout: 1s", Instant.now());
    scene.awaitGone("restless");
    assertTrue(scene.exists("resting"));
  }

  @Test
  void oneThatIsNotLetGoOfIsReportedAndForcedOnlyWhenToldTo() {
    scene.session(
        "stuck", "template: plain", "finalizers: [" + VdiSession.FINALIZER + ", test/other]");
    scene.api().delete(ResourceType.SESSION, scene.namespace(), "stuck", scene.get("stuck").uid());
    scene.awaitEvent("stuck", "SessionStuck");
    assertTrue(scene.get("stuck").metadata().finalizers().contains(VdiSession.FINALIZER));
    assertTrue(reaper.reported("stuck") >= 1);

    reaper.configure(SETTINGS + "forceFinalize: true\n");
    await("our finalizer to be taken off")
        .atMost(ReaperFixture.PATIENCE)
        .until(() -> !scene.get("stuck").metadata().finalizers().contains(VdiSession.FINALIZER));
    assertTrue(scene.get("stuck").metadata().finalizers().contains("test/other"));
    assertEquals(1, scene.events("stuck", "SessionStuck"));
    scene
        .api()
        .mergePatch(
            ResourceType.SESSION,
            scene.namespace(),
            "stuck",
            ReaperFixture.json("{\"metadata\": {\"finalizers\": null}}"));
    reaper.configure(SETTINGS);
  }

  @Test
  void whereNothingIsKnownNothingGoesAndTheReportSaysSo() {
    scene.running("unknown", "template: missing", Instant.now().minus(Duration.ofDays(9)));
    await("the doubt to be reported")
        .atMost(ReaperFixture.PATIENCE)
        .until(() -> reaper.report().toString().contains("template missing is missing"));
    assertTrue(scene.exists("unknown"));
  }
}
