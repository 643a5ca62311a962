package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ExitWithParent;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whatever dies whenever: afterwards everything is there, once. */
@ExtendWith(ClusterExtension.class)
class CrashIT {
  private static final Duration LONG = Duration.ofSeconds(90);

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  @TempDir Path folder;

  CrashIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    new ChartInstaller(cluster, RunningController.CHART, RunningController.NAMESPACE)
        .installController();
    RouterAddon.installCrds(cluster);
    SessionFixture.templates(api);
  }

  /**
   * From creation to Running there are 9 writes (finalizer, five objects, three times status) and
   * for the end three more (route, pod, finalizer; and the status before): each of them is once the
   * last.
   */
  @Test
  void killedAfterEachOfItsWritesItConvergesAndNothingIsLeftOrDoubled() {
    Path kubeconfig = RunningController.kubeconfig(cluster);
    boolean finishedAlive = false;
    for (int n = 1; !finishedAlive; n++) {
      assertTrue(n < 20, "there should be no 20th write");
      SessionFixture desk = new SessionFixture(api, namespace, "crash-" + n);
      String user = "crash" + n + "@example.com";
      ChildProcess dying = dying(kubeconfig, n, desk.name());
      desk.submit(user, "template: kwok").orElseThrow();
      await("the controller to die after write " + n + " or to finish")
          .atMost(LONG)
          .until(() ->
              !dying.isAlive()
                  || desk.session()
                      .status()
                      .currentPhase()
                      .filter(p -> p == Phase.RUNNING)
                      .isPresent());
      finishedAlive = dying.isAlive();
      dying.kill();
      try (RunningController healthy = RunningController.start(cluster, Map.of())) {
        desk.awaitPhase(Phase.RUNNING);
        assertComplete(desk);
        assertTrue(healthy.port() > 0);
      }
    }
  }

  @Test
  void killedAfterEachWriteOfADeletionNothingIsLeft() {
    Path kubeconfig = RunningController.kubeconfig(cluster);
    boolean finishedAlive = false;
    for (int n = 1; !finishedAlive; n++) {
      assertTrue(n < 12, "there should be no 12th write");
      SessionFixture desk = new SessionFixture(api, namespace, "leave-" + n);
      try (RunningController healthy = RunningController.start(cluster, Map.of())) {
        desk.submit("leave" + n + "@example.com", "template: kwok").orElseThrow();
        desk.awaitPhase(Phase.RUNNING);
        desk.awaitThat("storage", s -> s.status().condition("StorageReady").orElseThrow().isTrue());
        assertTrue(healthy.port() > 0);
      }
      ChildProcess dying = dying(kubeconfig, n, desk.name());
      desk.delete();
      await("the controller to die after write " + n + " or the session to go")
          .atMost(LONG)
          .until(() ->
              !dying.isAlive()
                  || api.get(ResourceType.SESSION, namespace, desk.name()).isNotFound());
      finishedAlive = dying.isAlive();
      dying.kill();
      try (RunningController healthy = RunningController.start(cluster, Map.of())) {
        desk.awaitGone();
        await()
            .atMost(LONG)
            .until(() ->
                SessionFixture.CHILDREN.stream().allMatch(kind -> desk.child(kind).isNotFound()));
        assertTrue(healthy.port() > 0);
      }
    }
  }

  @Test
  void theLeaderKilledTheOtherTakesOverAndNothingIsMadeTwice() throws Exception {
    Path kubeconfig = RunningController.kubeconfig(cluster);
    Map<String, String> settings = new HashMap<>(electing("leader-killed"));
    settings.put("VDI_LEADER_ELECTION_LEASE_DURATION", "4s");
    settings.put("VDI_LEADER_ELECTION_RENEW_DEADLINE", "3s");
    settings.put("VDI_LEADER_ELECTION_RETRY_PERIOD", "1s");
    try (OperatorProcess one = operator("one", kubeconfig, settings);
        OperatorProcess two = operator("two", kubeconfig, settings)) {
      one.awaitReady();
      two.awaitReady();
      await().atMost(LONG).until(() -> leads(one) ^ leads(two));
      OperatorProcess leader = leads(one) ? one : two;
      OperatorProcess other = leader == one ? two : one;
      List<SessionFixture> desks = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        SessionFixture desk = new SessionFixture(api, namespace, "lead-" + i);
        desk.submit("lead" + i + "@example.com", "template: kwok").orElseThrow();
        desks.add(desk);
        if (i == 15) {
          leader.process().kill();
        }
      }
      await("the other to lead").atMost(LONG).until(() -> leads(other));
      for (SessionFixture desk : desks) {
        desk.awaitPhase(Phase.RUNNING);
        assertComplete(desk);
      }
      assertHostsDiffer(desks);
    }
  }

  /** In processes of their own: what differs from one JVM to the next must not reach an object. */
  @Test
  void aRestartWritesNothing() {
    Path kubeconfig = RunningController.kubeconfig(cluster);
    Map<String, String> settings = electing("restart");
    SessionFixture desk = new SessionFixture(api, namespace, "rest");
    try (OperatorProcess first = operator("before", kubeconfig, settings)) {
      first.awaitReady();
      desk.submit("rest@example.com", "template: kwok").orElseThrow();
      desk.awaitPhase(Phase.RUNNING);
      desk.awaitThat("storage", s -> s.status().condition("StorageReady").orElseThrow().isTrue());
    }
    List<String> before = versions(desk);
    try (OperatorProcess second = operator("after", kubeconfig, settings)) {
      second.awaitReady();
      await()
          .atMost(LONG)
          .until(() -> second.page("/observe/metrics").lines().anyMatch(CrashIT::hasReconciled));
    }
    // It has stopped in order: whatever it had begun to write is written.
    assertEquals(before, versions(desk));
  }

  private static boolean hasReconciled(String line) {
    return line.startsWith("vdi_reconcile_seconds_count") && !line.endsWith(" 0");
  }

  private List<String> versions(SessionFixture desk) {
    List<String> versions = new ArrayList<>();
    versions.add(desk.session().metadata().resourceVersion());
    for (ResourceType<?> kind : SessionFixture.CHILDREN) {
      versions.add(desk.child(kind).orElseThrow().metadata().resourceVersion());
    }
    return versions;
  }

  @Test
  void sigtermEndsInOrderAndGivesTheLeaseBack() {
    Path kubeconfig = RunningController.kubeconfig(cluster);
    Map<String, String> settings = electing("sigterm");
    OperatorProcess first = operator("first", kubeconfig, settings);
    first.awaitReady();
    await().atMost(LONG).until(() -> leads(first));
    first.close();
    assertEquals(0, first.process().exitStatus());
    try (OperatorProcess second = operator("second", kubeconfig, settings)) {
      second.awaitReady();
      // Far below the 15 s for which a lease that was not given back would bind.
      await().atMost(Duration.ofSeconds(10)).until(() -> leads(second));
    }
  }

  @Test
  void theApiServerRestartedUnderLoadNothingIsLost() {
    assumeTrue(cluster instanceof EmbeddedCluster, "restarts the API server: only one of our own");
    EmbeddedCluster embedded = (EmbeddedCluster) cluster;
    try (RunningController controller = RunningController.start(cluster, Map.of())) {
      List<SessionFixture> desks = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        SessionFixture desk = new SessionFixture(api, namespace, "restart-" + i);
        String user = "restart" + i + "@example.com";
        await().atMost(LONG).until(() -> submitted(desk, user));
        desks.add(desk);
        if (i == 20) {
          embedded.apiServer().kill();
          embedded.apiServer().restart();
        }
      }
      for (SessionFixture desk : desks) {
        await(desk.name())
            .atMost(Duration.ofMinutes(2))
            .until(() ->
                api.get(ResourceType.SESSION, namespace, desk.name())
                    .ok()
                    .flatMap(s -> s.status().currentPhase())
                    .filter(p -> p == Phase.RUNNING)
                    .isPresent());
        assertComplete(desk);
      }
      assertHostsDiffer(desks);
      assertTrue(controller.port() > 0);
    }
  }

  private boolean submitted(SessionFixture desk, String user) {
    var result = desk.submit(user, "template: kwok");
    return result.ok().isPresent() || result.isAlreadyExists();
  }

  private void assertHostsDiffer(List<SessionFixture> desks) {
    Set<String> urls = new HashSet<>();
    desks.forEach(desk -> assertTrue(urls.add(desk.session().status().url())));
  }

  /** All five, each owned by this session, and no sixth. */
  private void assertComplete(SessionFixture desk) {
    String uid = desk.session().uid();
    for (ResourceType<?> kind : SessionFixture.CHILDREN) {
      List<String> names = new ArrayList<>();
      for (KubeObject object :
          api.list(kind, namespace, Labels.INSTANCE + "=" + desk.name()).orElseThrow().items()) {
        ObjectMeta meta = object.metadata();
        assertTrue(meta.isControlledBy(uid), kind + " " + meta.name());
        names.add(meta.name());
      }
      assertEquals(List.of(desk.childName(kind)), names, kind.kind());
    }
  }

  private ChildProcess dying(Path kubeconfig, int n, String session) {
    Map<String, String> environment = new HashMap<>();
    environment.put("KUBECONFIG", kubeconfig.toString());
    environment.put("DIE_AFTER", String.valueOf(n));
    environment.put("DIE_ON", session);
    environment.put("VDI_SERVER_PORT", "0");
    environment.put("VDI_SERVER_HOST", "127.0.0.1");
    environment.put("VDI_LEADER_ELECTION_ENABLED", "false");
    return ChildProcess.start(
        "dying-" + n,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ExitWithParent.class.getName(),
            CrashAfterWriteController.class.getName()),
        environment,
        folder.resolve("dying-" + n + ".log"));
  }

  private static Map<String, String> electing(String lease) {
    return Map.of("VDI_LEADER_ELECTION_LEASE_NAME", lease);
  }

  private OperatorProcess operator(String name, Path kubeconfig, Map<String, String> settings) {
    return OperatorProcess.start(
        OperatorService.CONTROLLER.launch(
            Path.of(".."),
            RunningController.NAMESPACE,
            kubeconfig,
            folder,
            name,
            settings,
            OperatorProcess.JVM_FLAGS));
  }

  private static boolean leads(OperatorProcess operator) {
    return operator.process().isAlive()
        && operator
            .page("/observe/metrics")
            .lines()
            .anyMatch(line -> line.startsWith("vdi_leader{") && line.endsWith(" 1.0"));
  }
}
