package io.vdi.operator.reaper;

import static io.vdi.operator.reaper.TestReaper.REAPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Idle sessions, with a {@link FakeSelkies} at the address of each pod. */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdleIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;
  private RunningService reaper;
  private int port;

  IdleIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.withPatience(TestReaper.PATIENCE);
  }

  @BeforeAll
  void start() {
    TestReaper.install(cluster);
    try (FakeSelkies any = new FakeSelkies("127.0.0.1", 0, "")) {
      port = any.port();
    }
    TestTemplates.apply(api, "desk", "port: " + port + ", idleTimeout: 4s");
    TestTemplates.apply(api, "attended", "port: " + port + ", idleTimeout: 4s, idleOn: NoInput");
    TestTemplates.apply(api, "kiosk", "port: " + port + ", idleTimeout: 4s, idleAction: Delete");
    reaper =
        REAPER
            .withConfigFile(
                TestReaper.WITHOUT_SWEEPS
                    + "activity: {interval: 1s, timeout: 2s, statusInterval: 1s}\n")
            .start(cluster);
  }

  @AfterAll
  void stop() {
    reaper.close();
  }

  @Test
  void suspendsSessionSoonAfterTheLastClientDisconnects() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.1", port, "secret")) {
      selkies.connect(1);
      SessionFixture session = createDesktop("used", "127.0.1.1");
      session.awaitUntil(
          "lastActivityTime later than the idleTimeout",
          s -> {
            Instant active = s.status().lastActivityTime();
            return active != null
                && Duration.between(s.status().startTime(), active).toSeconds() >= 6;
          });
      assertThat(
              api.get(ResourceType.POD, namespace.name(), "used")
                  .orElseThrow()
                  .metadata()
                  .annotations())
          .as("its node is protected while a client is connected")
          .containsEntry(Annotations.SAFE_TO_EVICT, "false")
          .containsEntry(Annotations.DO_NOT_DISRUPT, "true");
      selkies.connect(0);
      Instant disconnected = Instant.now();
      awaitSuspension(session);
      assertThat(Duration.between(disconnected, Instant.now()))
          .as("the time without a client; the idleTimeout is 4 s")
          .isGreaterThan(Duration.ofSeconds(3));
      session.awaitEvent("SessionSuspended");
      assertThat(session.countEvents("SessionExpiring")).isEqualTo(1);
      assertThat(session.get().metadata().isDeleting()).isFalse();
      assertThat(reaper.metric("vdi_idle_suspended_total")).isPositive();
    }
  }

  @Test
  void deletesIdleSessionWithActionDelete() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.5", port, "secret")) {
      SessionFixture session = createDesktop("visitor", "kiosk", "127.0.1.5");
      session.awaitNotFound();
      session.awaitEvent("SessionExpired");
      assertThat(session.countEvents("SessionSuspended")).isZero();
      assertThat(selkies.requests()).isPositive();
    }
  }

  @Test
  void suspendsAnOpenTabWithoutInputButNotOneWithInput() {
    try (FakeSelkies unused = new FakeSelkies("127.0.1.6", port, "secret");
        FakeSelkies used = new FakeSelkies("127.0.1.7", port, "secret")) {
      for (FakeSelkies selkies : List.of(unused, used)) {
        selkies.connect(1);
        selkies.input();
      }
      SessionFixture film = createDesktop("film", "attended", "127.0.1.6");
      SessionFixture work = createDesktop("work", "attended", "127.0.1.7");
      await("the suspension of the session without input")
          .atMost(TestReaper.PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .until(() -> {
            used.input();
            return film.get().spec().suspended();
          });
      film.awaitEvent("SessionSuspended");
      assertThat(film.countEvents("SessionExpiring")).isEqualTo(1);
      assertThat(film.countEvents("ActivityUnknown")).isZero();
      assertThat(work.get().spec().suspended()).as("with input").isFalse();
      assertThat(work.get().status().lastActivityTime()).isNotNull();
      awaitSuspension(work);
    }
  }

  @Test
  void anOpenTabWhoseInputIsNotReportedIsNotIdle() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.8", port, "secret")) {
      selkies.connect(1);
      SessionFixture session = createDesktop("plain", "attended", "127.0.1.8");
      session.awaitEvent("ActivityUnknown");
      awaitRequests(selkies, 10);
      assertThat(session.get().spec().suspended()).isFalse();
      assertThat(session.countEvents("ActivityUnknown")).isEqualTo(1);
      selkies.inputAgo("3600");
      awaitSuspension(session);
    }
  }

  private static void awaitSuspension(SessionFixture session) {
    session.awaitUntil("spec.suspended", s -> s.spec().suspended());
  }

  @Test
  void unreachableDesktopIsNotIdleAndHasOneEvent() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.2", port, "secret")) {
      selkies.fail(true);
      SessionFixture session = createDesktop("silent", "127.0.1.2");
      session.awaitEvent("ActivityUnknown");
      awaitRequests(selkies, 20);
      session.expectExists();
      assertThat(session.countEvents("ActivityUnknown")).isEqualTo(1);
      selkies.fail(false);
      awaitSuspension(session);
    }
  }

  @Test
  void desktopThatRejectsThePasswordIsNotIdle() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.3", port, "not the secret")) {
      SessionFixture session = createDesktop("stranger", "127.0.1.3");
      session.awaitEvent("ActivityUnknown");
      awaitRequests(selkies, 20);
      session.expectExists();
    }
  }

  @Test
  void neverSendsARequestToTheDesktopOfAnotherSession() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.4", port, "secret")) {
      SessionFixture session =
          namespace.session("mine").createRunning("template: desk", Instant.now());
      // The other session exists, or the garbage collector would delete the pod.
      SessionFixture other = namespace.session("other").create("template: desk");
      session.newChild(ResourceType.POD).ownedBy(other.asOwner()).create();
      session.createChild(ResourceType.SECRET);
      session.setPodStatus(address("127.0.1.4"));
      session.awaitEvent("ActivityUnknown");
      assertThat(selkies.requests()).isZero();
      session.expectExists();
    }
  }

  private SessionFixture createDesktop(String name, String ip) {
    return createDesktop(name, "desk", ip);
  }

  private SessionFixture createDesktop(String name, String template, String ip) {
    SessionFixture session = namespace.session(name).create("template: " + template);
    session.createChild(ResourceType.SECRET);
    session.createChild(ResourceType.POD);
    session.setPodStatus(address(ip));
    session.setRunning(Instant.now());
    return session;
  }

  private static String address(String ip) {
    return "{\"phase\": \"Running\", \"podIP\": \"%1$s\", \"podIPs\": [{\"ip\": \"%1$s\"}]}"
        .formatted(ip);
  }

  private static void awaitRequests(FakeSelkies selkies, int more) {
    int before = selkies.requests();
    await("further requests")
        .atMost(TestReaper.PATIENCE)
        .until(selkies::requests, count -> count > before + more);
  }
}
