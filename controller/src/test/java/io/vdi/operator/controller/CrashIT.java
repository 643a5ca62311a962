package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.ServiceUnderTest;
import io.vdi.operator.devcluster.testing.SessionFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Crashes of the controller and the API server: no object is lost, and none exists twice. */
@ExtendWith(ClusterExtension.class)
class CrashIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  /**
   * No session needs more writes from its creation to Running: the finalizer, seven objects, its
   * record of use, and the status three times.
   */
  private static final int CREATION = 12;

  /** The same from its deletion until it is gone. */
  private static final int DELETION = 8;

  /** The controller is killed after so many different writes. */
  private static final int SAMPLE = 3;

  private static final ChaosBudget BUDGET = new ChaosBudget();

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  @TempDir Path folder;

  CrashIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  private static List<Integer> writesOfCreation() {
    return BUDGET.sample(IntStream.rangeClosed(1, CREATION + 1).boxed().toList(), SAMPLE);
  }

  private static List<Integer> writesOfDeletion() {
    return BUDGET.sample(IntStream.rangeClosed(1, DELETION + 1).boxed().toList(), SAMPLE);
  }

  @ParameterizedTest
  @MethodSource("writesOfCreation")
  void convergesAfterCrashAtEachWriteOfCreation(int n) {
    Path kubeconfig = CONTROLLER.kubeconfig(cluster);
    SessionFixture session = namespace.session("crash-" + n);
    ChildProcess crashing = startCrashing(kubeconfig, n, session);
    session.create("template: kwok");
    await("the controller to crash after write " + n + " or to finish")
        .atMost(LONG)
        .until(() -> !crashing.isAlive() || isRunning(session.get()));
    assertThat(CrashAfterWriteController.survives(crashing) || n <= CREATION)
        .as("survives")
        .isTrue();
    crashing.kill();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitPhase(Phase.RUNNING);
      awaitComplete(session);
    }
  }

  @ParameterizedTest
  @MethodSource("writesOfDeletion")
  void deletesEverythingAfterCrashAtEachWriteOfDeletion(int n) {
    Path kubeconfig = CONTROLLER.kubeconfig(cluster);
    SessionFixture session = namespace.session("leave-" + n);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      session.awaitCondition(Condition.STORAGE_READY);
    }
    ChildProcess crashing = startCrashing(kubeconfig, n, session);
    session.delete();
    await("the controller to crash after write " + n + " or the session to be deleted")
        .atMost(LONG)
        .until(() ->
            !crashing.isAlive()
                || api.get(ResourceType.SESSION, namespace.name(), session.name()).isNotFound());
    assertThat(CrashAfterWriteController.survives(crashing) || n <= DELETION)
        .as("survives")
        .isTrue();
    crashing.kill();
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitNotFound();
      SessionFixture.childTypes().forEach(session::awaitChildNotFound);
    }
  }

  @Test
  @DisplayName("When the leader is killed, the other replica takes over and creates nothing twice")
  void otherReplicaTakesOver() {
    Path kubeconfig = CONTROLLER.kubeconfig(cluster);
    ServiceUnderTest electing =
        electing("leader-killed")
            .withSettings(
                Map.of(
                    "vdiConfig_LEADER_ELECTION_LEASE_DURATION", "4s",
                    "vdiConfig_LEADER_ELECTION_RENEW_DEADLINE", "3s",
                    "vdiConfig_LEADER_ELECTION_RETRY_PERIOD", "1s"));
    try (RunningService.InProcess one = electing.startProcess(kubeconfig, folder, "one");
        RunningService.InProcess two = electing.startProcess(kubeconfig, folder, "two")) {
      one.awaitReady();
      two.awaitReady();
      await("one leader").atMost(LONG).until(() -> one.isLeader() ^ two.isLeader());
      RunningService.InProcess leader = one.isLeader() ? one : two;
      RunningService.InProcess other = leader.equals(one) ? two : one;
      List<SessionFixture> sessions = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        sessions.add(namespace.session("lead-" + i).create("template: kwok"));
        if (i == 15) {
          leader.kill();
        }
      }
      await("the other replica to lead").atMost(LONG).until(other::isLeader);
      for (SessionFixture session : sessions) {
        session.awaitPhase(Phase.RUNNING);
        awaitComplete(session);
      }
      assertHostsDiffer(sessions);
    }
  }

  /** In two processes: a value that differs between JVMs must not be written to an object. */
  @Test
  void restartWritesNothing() {
    Path kubeconfig = CONTROLLER.kubeconfig(cluster);
    ServiceUnderTest electing = electing("restart");
    SessionFixture session = namespace.session("rest");
    try (RunningService.InProcess first = electing.startProcess(kubeconfig, folder, "before")) {
      first.awaitReady();
      session.create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      session.awaitCondition(Condition.STORAGE_READY);
      awaitComplete(session);
    }
    List<String> before = resourceVersions(session);
    try (RunningService.InProcess second = electing.startProcess(kubeconfig, folder, "after")) {
      second.awaitReady();
      await("the second process to reconcile")
          .atMost(LONG)
          .until(() -> second.metric("vdi_reconcile_seconds_count"), count -> count > 0);
    }
    // It has stopped in order, so every write that it began is finished.
    assertThat(resourceVersions(session)).isEqualTo(before);
  }

  private static List<String> resourceVersions(SessionFixture session) {
    List<String> versions = new ArrayList<>();
    versions.add(session.resourceVersion());
    for (ResourceType<?> type : SessionFixture.childTypes()) {
      versions.add(session.child(type).orElseThrow().metadata().resourceVersion());
    }
    return versions;
  }

  @Test
  void sigtermStopsInOrderAndReleasesTheLease() {
    Path kubeconfig = CONTROLLER.kubeconfig(cluster);
    ServiceUnderTest electing = electing("sigterm");
    RunningService.InProcess first = electing.startProcess(kubeconfig, folder, "first");
    first.awaitReady();
    await("the first process to lead").atMost(LONG).until(first::isLeader);
    first.close();
    assertThat(first.process().exitStatus()).isZero();
    try (RunningService.InProcess second = electing.startProcess(kubeconfig, folder, "second")) {
      second.awaitReady();
      // A Lease that was not released stays valid for 15 s.
      await("the second process to lead").atMost(Duration.ofSeconds(10)).until(second::isLeader);
    }
  }

  @Test
  void nothingIsLostWhenTheApiServerRestartsUnderLoad() {
    assumeTrue(
        cluster instanceof EmbeddedCluster,
        "restarts the API server: only in a cluster of our own");
    EmbeddedCluster embedded = (EmbeddedCluster) cluster;
    try (RunningService _ = CONTROLLER.start(cluster)) {
      List<SessionFixture> sessions = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        SessionFixture session = namespace.session("restart-" + i);
        await(session.name() + " to be created").atMost(LONG).until(() -> isCreated(session));
        sessions.add(session);
        if (i == 20) {
          embedded.apiServer().kill();
          embedded.apiServer().restart();
        }
      }
      for (SessionFixture session : sessions) {
        await(session.name() + " to run")
            .atMost(Duration.ofMinutes(2))
            .until(() ->
                api.get(ResourceType.SESSION, namespace.name(), session.name())
                    .ok()
                    .filter(CrashIT::isRunning)
                    .isPresent());
        // Running does not wait for a write of the route that failed while the API server started.
        awaitComplete(session);
      }
      assertHostsDiffer(sessions);
    }
  }

  private static boolean isCreated(SessionFixture session) {
    ApiResult<VdiSession> result = session.tryCreate("template: kwok");
    return result.ok().isPresent() || result.isAlreadyExists();
  }

  private static boolean isRunning(VdiSession session) {
    return session.status().currentPhase().filter(phase -> phase == Phase.RUNNING).isPresent();
  }

  private static void assertHostsDiffer(List<SessionFixture> sessions) {
    assertThat(sessions)
        .extracting(session -> session.get().status().url())
        .doesNotHaveDuplicates();
  }

  /** A session runs before its user has access to its Secret. */
  private void awaitComplete(SessionFixture session) {
    await().atMost(LONG).untilAsserted(() -> assertComplete(session));
  }

  /** All seven objects exist, each owned by this session, and no eighth. */
  private void assertComplete(SessionFixture session) {
    String uid = session.get().uid();
    for (ResourceType<?> type : SessionFixture.childTypes()) {
      List<? extends KubeObject> objects =
          api.list(type, namespace.name(), Labels.INSTANCE + "=" + session.name())
              .orElseThrow()
              .items();
      assertThat(objects)
          .as(type.kind())
          .allMatch(object -> object.metadata().isControlledBy(uid), "is owned by the session")
          .extracting(KubeObject::name)
          .containsExactly(session.childName(type));
    }
  }

  private ChildProcess startCrashing(Path kubeconfig, int lastWrite, SessionFixture session) {
    return CrashAfterWriteController.start(kubeconfig, lastWrite, session.name(), Map.of(), folder);
  }

  private static ServiceUnderTest electing(String lease) {
    return CONTROLLER.withSettings(Map.of("vdiConfig_LEADER_ELECTION_LEASE_NAME", lease));
  }
}
