package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.SessionWatch;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Quotas without an admission webhook: sessions above a limit wait in the queue. */
@ExtendWith(ClusterExtension.class)
class QuotaAdmitterIT {
  private static final int LIMIT = 20;
  private static final int SESSIONS = 100;
  private static final String QUOTA = "quota: {mode: queue, namespace: {gpus: %d}}";

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  QuotaAdmitterIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    // The API server takes a moment to list a kind that was just installed.
    await().until(() -> api.list(ResourceType.SESSION, "", "").ok().isPresent());
  }

  @Test
  @DisplayName("100 concurrent sessions start oldest first and never exceed the limit")
  void startsOldestFirstWithinTheLimit() throws Exception {
    try (RunningService _ = startWithLimit(LIMIT);
        SessionWatch watch = new SessionWatch(api, namespace.name());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < SESSIONS; i++) {
        SessionFixture session = namespace.session("queued-" + i);
        threads.execute(() -> session.create("template: kwok"));
      }
      Map<String, Instant> created = new HashMap<>();
      await("all sessions to be created, to run and to be deleted")
          .atMost(Duration.ofMinutes(6))
          .pollInterval(Duration.ofMillis(300))
          .until(() -> deleteRunning(created) == 0 && created.size() == SESSIONS);
      assertThat(watch.started()).hasSize(SESSIONS);
      assertThat(watch.mostGpus()).isEqualTo(LIMIT);
      assertOldestFirst(watch.started(), created, LIMIT);
    }
  }

  @Test
  @DisplayName("50 sessions that are resumed at the same time start in the order of their resumes")
  void resumedAtOnce() throws Exception {
    int limit = 5;
    List<SessionFixture> sessions = new ArrayList<>();
    try (RunningService _ = startWithLimit(limit)) {
      for (int i = 0; i < 50; i++) {
        sessions.add(namespace.session("asleep-" + i).create("template: kwok, suspended: true"));
      }
      sessions.forEach(session -> session.awaitPhase(Phase.SUSPENDED));
      try (SessionWatch watch = new SessionWatch(api, namespace.name())) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
          sessions.forEach(session -> threads.execute(session::resume));
        }
        await("the first sessions to start").until(() -> watch.started().size() == limit);
        await("all sessions to run and to be deleted")
            .atMost(Duration.ofMinutes(2))
            .pollInterval(Duration.ofMillis(300))
            .until(() -> deleteRunning(new HashMap<>()) == 0);
        assertThat(watch.started()).hasSize(50);
        assertThat(watch.mostGpus()).isEqualTo(limit);
        Map<String, Instant> order = new HashMap<>();
        watch.resumed().forEach(name -> order.put(name, Instant.ofEpochSecond(order.size())));
        assertOldestFirst(watch.started(), order, limit);
      }
    }
  }

  /**
   * Deletes the sessions that run.
   *
   * @param created takes the creation time of each session by its name
   * @return how many sessions there were
   */
  private int deleteRunning(Map<String, Instant> created) {
    List<VdiSession> sessions =
        api.list(ResourceType.SESSION, namespace.name(), "").orElseThrow().items();
    sessions.forEach(s -> created.putIfAbsent(s.name(), s.metadata().creationTimestamp()));
    sessions.stream()
        .filter(s -> s.status().phase() == Phase.RUNNING && !s.metadata().isDeleting())
        .forEach(s -> api.delete(ResourceType.SESSION, namespace.name(), s.name(), s.uid()));
    return sessions.size();
  }

  @Test
  @DisplayName("A waiting session shows the reason and its position; a lower limit stops nothing")
  void showsReasonAndPosition() {
    try (RunningService.InThisJvm controller = startWithLimit(2)) {
      SessionFixture first = namespace.session("first").create("template: kwok");
      first.awaitPhase(Phase.RUNNING);
      SessionFixture second = namespace.session("second").create("template: kwok");
      second.awaitPhase(Phase.RUNNING);
      SessionFixture third = namespace.session("third").create("template: kwok");
      String message =
          "GPU quota exceeded for namespace %s: used 2, requested 1, limit 2; number 1 in line"
              .formatted(namespace);
      VdiSession waiting =
          third.awaitUntil(message, session -> session.status().message().equals(message));
      assertThat(waiting.status().phase()).isEqualTo(Phase.PENDING);
      Condition admitted = waiting.status().condition(Condition.QUOTA_ADMITTED).orElseThrow();
      assertThat(admitted.status()).isEqualTo("False");
      assertThat(admitted.message()).isEqualTo(message);
      third.expectChildNotFound(ResourceType.POD);

      controller.configure(QUOTA.formatted(1));
      third.awaitMessage("used 2, requested 1, limit 1");
      assertThat(first.get().status().phase()).isEqualTo(Phase.RUNNING);
      assertThat(second.get().status().phase()).isEqualTo(Phase.RUNNING);

      first.suspend();
      first.awaitPhase(Phase.SUSPENDED);
      second.delete();
      assertThat(third.awaitPhase(Phase.RUNNING).status().condition(Condition.QUOTA_ADMITTED))
          .hasValueSatisfying(condition -> assertThat(condition.status()).isEqualTo("True"));
      first.resume();
      first.awaitMessage("used 1, requested 1");
      third.delete();
      first.awaitPhase(Phase.RUNNING);
      first.deleteAndAwaitNotFound();
    }
  }

  @Test
  void suspendedSessionLeavesTheQueue() {
    try (RunningService _ = startWithLimit(1)) {
      SessionFixture first = namespace.session("first").create("template: kwok");
      first.awaitPhase(Phase.RUNNING);
      SessionFixture second = namespace.session("second").create("template: kwok");
      awaitPosition(second, 1);
      // Sessions that are created in the same second have no order.
      await()
          .until(() ->
              second.get().metadata().creationTimestamp().isBefore(Instant.now().minusSeconds(2)));
      SessionFixture third = namespace.session("third").create("template: kwok");
      awaitPosition(third, 2);

      second.suspend();
      awaitPosition(third, 1);
      first.delete();
      third.awaitPhase(Phase.RUNNING);
      second.awaitPhase(Phase.SUSPENDED);

      second.resume();
      awaitPosition(second, 1);
      third.delete();
      second.awaitPhase(Phase.RUNNING);
      second.deleteAndAwaitNotFound();
    }
  }

  private RunningService.InThisJvm startWithLimit(int gpus) {
    return CONTROLLER.withConfigFile(QUOTA.formatted(gpus)).start(cluster);
  }

  private static void awaitPosition(SessionFixture session, int position) {
    String message = "number " + position + " in line";
    session.awaitUntil(message, s -> s.status().message().endsWith(message));
  }

  /**
   * Sessions created in the same second start in any order, and as many as the limit allows may
   * start concurrently and so overtake each other.
   */
  private static void assertOldestFirst(
      List<String> started, Map<String, Instant> created, int limit) {
    for (int i = 0; i + limit < started.size(); i++) {
      String session = started.get(i);
      for (String later : started.subList(i + limit, started.size())) {
        assertThat(created.get(later))
            .as("%s started long after %s; its creation", later, session)
            .isAfterOrEqualTo(created.get(session));
      }
    }
  }
}
