package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each reason to delete a session, and what prevents it. No orphan scan takes part, so each
 * deletion is due to a watch or a timer.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReaperIT {
  private static final String CONFIG =
      TestReaper.WITHOUT_SWEEPS
          + """
          warningBefore: 4s
          failedSessionTtl: 3s
          deleteNeverStarted: true
          terminatingTimeout: 1s
          """;

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;
  private RunningService.InThisJvm reaper;

  ReaperIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  void start() {
    TestReaper.install(cluster);
    TestTemplates.apply(api, "plain", "");
    TestTemplates.apply(api, "hurried", "startupTimeout: 3s");
    TestTemplates.apply(api, "capped", "maxTimeout: 100h");
    TestTemplates.apply(api, "parked", "deleteAfterSuspended: 4s");
    reaper = REAPER.withConfigFile(CONFIG).start(cluster);
  }

  @AfterAll
  void stop() {
    reaper.close();
  }

  @Test
  void warnsOnceAndDeletesAtTheTimeout() {
    SessionFixture session =
        namespace.session("timed").createRunning("template: plain, timeout: 5s", Instant.now());
    session.awaitEvent("SessionExpiring");
    session.expectExists();
    session.awaitNotFound();
    session.awaitEvent("SessionExpired");
    assertThat(session.countEvents("SessionExpiring")).isEqualTo(1);
    assertThat(session.countEvents("SessionExpired")).isEqualTo(1);
  }

  @Test
  void usesRaisedAndLoweredTimeout() {
    SessionFixture session =
        namespace.session("moved").createRunning("template: plain, timeout: 4s", Instant.now());
    session.patchSpec("timeout: 10h");
    SessionFixture later =
        namespace.session("later").createRunning("template: plain, timeout: 6s", Instant.now());
    later.awaitNotFound();
    session.expectExists();
    session.patchSpec("timeout: 5s");
    session.awaitNotFound();
  }

  @Test
  void warnsBeforeALoweredMaximumTimeoutEndsASession() {
    SessionFixture session =
        namespace
            .session("capped")
            .createRunning("template: capped, timeout: 200h", Instant.now().minusSeconds(3600));
    SessionFixture other =
        namespace.session("uncapped").createRunning("template: plain, timeout: 2s", Instant.now());
    other.awaitNotFound();
    assertThat(session.countEvents("SessionExpiring")).isZero();
    Instant lowered = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    TestTemplates.apply(api, "capped", "maxTimeout: 30m");
    session.awaitEvent("SessionExpiring");
    session.expectExists();
    session.awaitNotFound();
    assertThat(Instant.now()).as("warningBefore later").isAfterOrEqualTo(lowered.plusSeconds(4));
    assertThat(session.countEvents("SessionExpiring")).isEqualTo(1);
  }

  /** The Event tells the next reaper that the user was warned, and when. */
  @Test
  void aWarningSurvivesARestart() {
    Instant start = Instant.now();
    SessionFixture session =
        namespace.session("restarted").createRunning("template: plain, timeout: 10s", start);
    session.awaitEvent("SessionExpiring");
    reaper.close();
    await("a later time than that of the warning")
        .atMost(TestReaper.PATIENCE)
        .until(() -> Instant.now().isAfter(start.plusSeconds(9)));
    reaper = REAPER.withConfigFile(CONFIG).start(cluster);
    session.awaitNotFound();
    assertThat(Instant.now())
        .as("a second warning would postpone the end to 13 s")
        .isBefore(start.plusSeconds(13));
    assertThat(session.countEvents("SessionExpiring")).isEqualTo(1);
  }

  /** With the real garbage collector; forceFinalize takes the part of the controller. */
  @Test
  void keepsTheHomeOfASessionThatItEnds() {
    SessionFixture session =
        namespace
            .session("ended")
            .create(
                "template: plain, timeout: 3s, persistence: {reclaimPolicy: Delete}",
                "finalizers: [" + VdiSession.FINALIZER + "]");
    session.createChild(ResourceType.PERSISTENT_VOLUME_CLAIM);
    session.createChild(ResourceType.SERVICE);
    session.setRunning(Instant.now());
    VdiSession ended = session.awaitUntil("its end", s -> s.metadata().isDeleting());
    assertThat(ended.metadata().annotation(Annotations.ENDED_BY))
        .as("what tells the controller to keep the home")
        .contains("timeout");
    reaper.configure(CONFIG + "forceFinalize: true\n");
    session.awaitNotFound();
    // The garbage collector deletes the other object at the same time.
    await("the garbage collector to delete the service")
        .atMost(SessionFixture.PATIENCE)
        .until(() -> !session.hasChild(ResourceType.SERVICE));
    session.expectChild(ResourceType.PERSISTENT_VOLUME_CLAIM);
    assertThat(
            session
                .child(ResourceType.PERSISTENT_VOLUME_CLAIM)
                .orElseThrow()
                .metadata()
                .ownerReferences())
        .isEmpty();
    reaper.configure(CONFIG);
  }

  @Test
  void removesTheMarkOfAnEndThatDoesNotApplyAnyMore() {
    SessionFixture session =
        namespace
            .session("extended")
            .create("template: plain", "annotations: {" + Annotations.ENDED_BY + ": timeout}");
    session.setRunning(Instant.now());
    session.awaitUntil(
        "the removal of the annotation",
        s -> s.metadata().annotation(Annotations.ENDED_BY).isEmpty());
  }

  @Test
  void deletesASuspendedSessionAfterTheTimeThatItsTemplateNames() {
    SessionFixture session =
        namespace.session("parked").create("template: parked, suspended: true");
    Instant since = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    session.setPhase(Phase.SUSPENDED, "Suspended", since);
    session.awaitNotFound();
    assertThat(Instant.now()).isAfterOrEqualTo(since.plusSeconds(4));
    assertThat(session.countEvents("SessionExpiring")).isEqualTo(1);
  }

  @Test
  void deletesFailedSessionAfterItsTtl() {
    SessionFixture session = namespace.session("broken").create("template: plain");
    Instant since = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    session.setPhase(Phase.FAILED, "Evicted", since);
    session.awaitNotFound();
    assertThat(Instant.now()).isAfterOrEqualTo(since.plusSeconds(3));
  }

  @Test
  void deletesSessionThatNeverBecomesReady() {
    SessionFixture session = namespace.session("never").create("template: hurried");
    session.setStatus("phase: Pending, podName: never");
    session.createChild(ResourceType.POD);
    session.awaitNotFound();
  }

  @Test
  void keepAnnotationPreventsDeletion() {
    SessionFixture kept =
        namespace
            .session("kept")
            .create(
                "template: plain, timeout: 1s",
                "annotations: {" + Annotations.KEEP + ": \"true\"}");
    kept.setStatus("phase: Running, startTime: \"2026-01-01T00:00:00Z\"");
    SessionFixture other =
        namespace.session("unkept").createRunning("template: plain, timeout: 1s", Instant.now());
    other.awaitNotFound();
    kept.expectExists();
  }

  @Test
  void doesNotDeleteSuspendedSession() {
    SessionFixture suspended =
        namespace
            .session("resting")
            .createRunning("template: plain, timeout: 1s, suspended: true", Instant.now());
    SessionFixture other =
        namespace.session("restless").createRunning("template: plain, timeout: 1s", Instant.now());
    other.awaitNotFound();
    suspended.expectExists();
  }

  @Test
  void reportsStuckDeletionAndRemovesTheFinalizerOnlyIfConfigured() {
    SessionFixture session =
        namespace
            .session("stuck")
            .create("template: plain", "finalizers: [" + VdiSession.FINALIZER + ", test/other]");
    session.delete();
    session.awaitEvent("SessionStuck");
    assertThat(session.get().metadata().finalizers()).contains(VdiSession.FINALIZER);
    assertThat(Report.of(reaper).count("stuck")).isPositive();

    reaper.configure(CONFIG + "forceFinalize: true\n");
    session.awaitUntil(
        "the removal of the operator's finalizer",
        s -> !s.metadata().finalizers().contains(VdiSession.FINALIZER));
    assertThat(session.get().metadata().finalizers()).contains("test/other");
    assertThat(session.countEvents("SessionStuck")).isEqualTo(1);
    session.removeFinalizers();
    reaper.configure(CONFIG);
  }

  @Test
  void reportsSessionWithoutTemplateAndDoesNotDeleteIt() {
    SessionFixture session =
        namespace
            .session("unknown")
            .createRunning("template: missing", Instant.now().minus(Duration.ofDays(9)));
    await("the report")
        .atMost(TestReaper.PATIENCE)
        .until(() -> Report.of(reaper), report -> report.contains("template missing is missing"));
    session.expectExists();
  }
}
