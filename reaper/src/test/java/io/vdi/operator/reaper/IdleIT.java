package io.vdi.operator.reaper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.KubeClient;
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

/** Idleness, from servers that answer as Selkies does, each at its pod's address. */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdleIT {
  private final Cluster cluster;
  private final ReaperFixture scene;
  private RunningReaper reaper;
  private int port;

  IdleIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.scene = new ReaperFixture(api, namespace.name());
  }

  @BeforeAll
  void start() {
    RunningReaper.install(cluster);
    try (FakeSelkies any = new FakeSelkies("127.0.0.1", 0, "")) {
      port = any.port();
    }
    scene.template("desk", "port: " + port + ", idleTimeout: 4s");
    reaper =
        RunningReaper.start(
            cluster,
            RunningReaper.QUIET + "activity: {interval: 1s, timeout: 2s, statusInterval: 1s}\n");
  }

  @AfterAll
  void stop() {
    reaper.close();
  }

  @Test
  void whoIsConnectedIsNotIdleAndWhoHasGoneIsSoon() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.1", port, "secret")) {
      selkies.connect(1);
      desktop("used", "desk", "127.0.1.1");
      await("lastActivityTime to move on past the idleTimeout")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> {
            VdiSession session = scene.get("used");
            Instant seen = session.status().lastActivityTime();
            return seen != null
                && Duration.between(session.status().startTime(), seen).toSeconds() >= 6;
          });
      selkies.connect(0);
      Instant left = Instant.now();
      scene.awaitGone("used");
      assertTrue(
          Duration.between(left, Instant.now()).toMillis() > 3000, "not before 4 s of idleness");
      scene.awaitEvent("used", "SessionExpired");
      assertEquals(1, scene.events("used", "SessionExpiring"));
    }
  }

  @Test
  void anUnreachableDesktopIsNotIdleAndSaysSoOnce() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.2", port, "secret")) {
      selkies.breakDown(true);
      desktop("silent", "desk", "127.0.1.2");
      scene.awaitEvent("silent", "ActivityUnknown");
      int before = selkies.asked();
      await("many more looks")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> selkies.asked() > before + 20);
      assertTrue(scene.exists("silent"));
      assertEquals(1, scene.events("silent", "ActivityUnknown"));
      selkies.breakDown(false);
      scene.awaitGone("silent");
    }
  }

  @Test
  void anotherPasswordThanTheSecretsIsUnknown() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.3", port, "not the secret")) {
      desktop("stranger", "desk", "127.0.1.3");
      scene.awaitEvent("stranger", "ActivityUnknown");
      int before = selkies.asked();
      await("many more looks")
          .atMost(ReaperFixture.PATIENCE)
          .until(() -> selkies.asked() > before + 20);
      assertTrue(scene.exists("stranger"));
    }
  }

  @Test
  void aPodOrSecretOfSomebodyElseIsNeverAsked() {
    try (FakeSelkies selkies = new FakeSelkies("127.0.1.4", port, "secret")) {
      VdiSession session = scene.running("mine", "template: desk", Instant.now());
      // Of a session that exists, or the garbage collector would take it.
      VdiSession other = scene.session("other", "template: desk");
      scene.child(ResourceType.POD, "mine", ReaperFixture.owner(other));
      scene.child(ResourceType.SECRET, session);
      scene.podStatus("mine", address("127.0.1.4"));
      scene.awaitEvent("mine", "ActivityUnknown");
      assertEquals(0, selkies.asked());
      assertTrue(scene.exists("mine"));
    }
  }

  private VdiSession desktop(String name, String template, String ip) {
    VdiSession session = scene.session(name, "template: " + template);
    scene.child(ResourceType.SECRET, session);
    scene.child(ResourceType.POD, session);
    scene.podStatus(name, address(ip));
    return scene.status(
        name,
        "{\"phase\": \"Running\", \"podName\": \"%s\", \"startTime\": \"%s\"}"
            .formatted(name, ReaperFixture.seconds(Instant.now())));
  }

  private static String address(String ip) {
    return "{\"phase\": \"Running\", \"podIP\": \"%1$s\", \"podIPs\": [{\"ip\": \"%1$s\"}]}"
        .formatted(ip);
  }
}
