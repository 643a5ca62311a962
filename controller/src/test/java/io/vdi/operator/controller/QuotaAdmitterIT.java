package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The quotas without a webhook: what nobody refused has to wait. */
@ExtendWith(ClusterExtension.class)
class QuotaAdmitterIT {
  private static final int LIMIT = 20;
  private static final int SESSIONS = 300;
  private static final String LINE = "quota: {mode: queue, namespace: {gpus: %d}}";

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  QuotaAdmitterIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
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
    // The API server takes a moment to watch a kind that was just installed.
    await().until(() -> api.list(ResourceType.SESSION, "", "").ok().isPresent());
  }

  @Test
  void threeHundredTakeTheirTurnsAndTheLimitIsNeverPassed(@TempDir Path folder) throws Exception {
    AtomicLong used = new AtomicLong();
    AtomicLong most = new AtomicLong();
    List<String> started = new CopyOnWriteArrayList<>();
    try (RunningController controller = controller(folder, LIMIT);
        ResourceCache<Pod> pods =
            new ResourceCache<>(
                api,
                ResourceType.POD,
                Labels.MANAGED_SELECTOR,
                InstantSource.system(),
                change -> count(change, used, most, started));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      pods.start();
      await().until(pods::isSynced);
      for (int i = 0; i < SESSIONS; i++) {
        int number = i;
        threads.execute(() -> desk(number).submit(user(number), "template: kwok").orElseThrow());
      }
      Map<String, Instant> made = new HashMap<>();
      await()
          .atMost(Duration.ofMinutes(3))
          .pollInterval(Duration.ofMillis(100))
          .until(() -> {
            List<VdiSession> sessions =
                api.list(ResourceType.SESSION, namespace, "").orElseThrow().items();
            sessions.forEach(s -> made.putIfAbsent(s.name(), s.metadata().creationTimestamp()));
            sessions.stream()
                .filter(s -> s.status().phase() == Phase.RUNNING && !s.metadata().isDeleting())
                .forEach(s -> api.delete(ResourceType.SESSION, namespace, s.name(), s.uid()));
            return made.size() == SESSIONS && sessions.isEmpty();
          });
      assertEquals(SESSIONS, started.size());
      assertEquals(LIMIT, most.get());
      assertInOrder(started, made);
      assertTrue(controller.port() > 0);
    }
  }

  @Test
  void whoWaitsIsToldWhyAndTheirPlaceAndALowerLimitEndsNobody(@TempDir Path folder)
      throws Exception {
    try (RunningController controller = controller(folder, 2)) {
      SessionFixture first =
          SessionFixture.create(api, namespace, "first", "a@example.com", "template: kwok");
      first.awaitPhase(Phase.RUNNING);
      SessionFixture second =
          SessionFixture.create(api, namespace, "second", "b@example.com", "template: kwok");
      second.awaitPhase(Phase.RUNNING);
      SessionFixture third =
          SessionFixture.create(api, namespace, "third", "c@example.com", "template: kwok");
      String words =
          "GPU quota exceeded for namespace %s: used 2, requested 1, limit 2; number 1 in line"
              .formatted(namespace);
      VdiSession waiting = third.awaitThat("waiting", s -> s.status().message().equals(words));
      assertEquals(Phase.PENDING, waiting.status().phase());
      Condition admitted = waiting.status().condition(Condition.QUOTA_ADMITTED).orElseThrow();
      assertEquals("False", admitted.status());
      assertEquals(words, admitted.message());
      assertTrue(third.child(ResourceType.POD).isNotFound());

      Files.writeString(folder.resolve("config.yaml"), LINE.formatted(1));
      third.awaitThat(
          "the new limit", s -> s.status().message().contains("used 2, requested 1, limit 1"));
      assertEquals(Phase.RUNNING, first.session().status().phase());
      assertEquals(Phase.RUNNING, second.session().status().phase());

      first.patch("{\"spec\": {\"suspended\": true}}");
      first.awaitPhase(Phase.SUSPENDED);
      second.delete();
      VdiSession running = third.awaitPhase(Phase.RUNNING);
      assertTrue(running.status().condition(Condition.QUOTA_ADMITTED).orElseThrow().isTrue());
      first.patch("{\"spec\": {\"suspended\": false}}");
      first.awaitThat("waiting", s -> s.status().message().contains("used 1, requested 1"));
      assertTrue(controller.port() > 0);
      third.delete();
      first.awaitPhase(Phase.RUNNING);
      first.delete();
      first.awaitGone();
    }
  }

  @Test
  void whoIsSuspendedWhileWaitingLeavesTheLine(@TempDir Path folder) throws Exception {
    try (RunningController controller = controller(folder, 1)) {
      SessionFixture first =
          SessionFixture.create(api, namespace, "first", "a@example.com", "template: kwok");
      first.awaitPhase(Phase.RUNNING);
      SessionFixture second =
          SessionFixture.create(api, namespace, "second", "b@example.com", "template: kwok");
      second.awaitThat("waiting", s -> s.status().message().endsWith("number 1 in line"));
      // Those of one second wait in any order.
      await()
          .until(() ->
              second
                  .session()
                  .metadata()
                  .creationTimestamp()
                  .isBefore(Instant.now().minusSeconds(2)));
      SessionFixture third =
          SessionFixture.create(api, namespace, "third", "c@example.com", "template: kwok");
      third.awaitThat("waiting", s -> s.status().message().endsWith("number 2 in line"));

      second.patch("{\"spec\": {\"suspended\": true}}");
      third.awaitThat("moved up", s -> s.status().message().endsWith("number 1 in line"));
      first.delete();
      third.awaitPhase(Phase.RUNNING);
      second.awaitPhase(Phase.SUSPENDED);

      second.patch("{\"spec\": {\"suspended\": false}}");
      second.awaitThat("waiting", s -> s.status().message().endsWith("number 1 in line"));
      third.delete();
      second.awaitPhase(Phase.RUNNING);
      second.delete();
      second.awaitGone();
      assertTrue(controller.port() > 0);
    }
  }

  private RunningController controller(Path folder, int limit) throws Exception {
    Path file = Files.writeString(folder.resolve("config.yaml"), LINE.formatted(limit));
    return RunningController.start(
        Cluster.connect(RunningController.kubeconfig(cluster)), Map.of(), Optional.of(file));
  }

  private void count(
      ResourceCache.Change<Pod> change, AtomicLong used, AtomicLong most, List<String> started) {
    if (!change.object().namespace().equals(namespace)) {
      return;
    }
    if (change.before().isEmpty()) {
      started.add(change.object().name());
      most.accumulateAndGet(used.addAndGet(change.object().gpus()), Math::max);
    } else if (change.now().isEmpty()) {
      used.addAndGet(-change.object().gpus());
    }
  }

  /** Those of one second in any order; and as many as may start at once may overtake each other. */
  private static void assertInOrder(List<String> started, Map<String, Instant> made) {
    for (int i = 0; i + LIMIT < started.size(); i++) {
      Instant mine = made.get(started.get(i));
      for (String later : started.subList(i + LIMIT, started.size())) {
        assertTrue(
            !made.get(later).isBefore(mine),
            later + " of " + made.get(later) + " started long after one of " + mine);
      }
    }
  }

  private SessionFixture desk(int number) {
    return new SessionFixture(api, namespace, "line-" + number);
  }

  private static String user(int number) {
    return "user" + number + "@example.com";
  }
}
