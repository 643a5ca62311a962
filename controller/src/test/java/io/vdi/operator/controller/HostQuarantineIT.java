package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** With the permissions of the chart; docs/decisions/hosts.md. */
@ExtendWith(ClusterExtension.class)
class HostQuarantineIT {
  private final Cluster cluster;
  private final TestNamespace namespace;

  HostQuarantineIT(Cluster cluster, TestNamespace namespace) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @Test
  void aReleasedHostIsKeptForItsUserAlsoByTheNextLeader() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture first = running("first", "released@example.com");
      assertThat(host(first)).isEqualTo("released");
      SessionFixture second = running("second", "released-too@example.com");
      first.delete();
      second.delete();
      first.awaitNotFound();
      second.awaitNotFound();
    }
    try (RunningService _ = CONTROLLER.start(cluster)) {
      assertThat(host(running("stranger", "released@other.org"))).matches("released-[0-9a-f]{8}");
      assertThat(host(running("again", "Released@example.com"))).isEqualTo("released");
    }
    RunningService other = CONTROLLER.withConfigFile("hostQuarantine: 0").start(cluster);
    try (other) {
      assertThat(host(running("free", "released-too@other.org"))).isEqualTo("released-too");
    }
  }

  @Test
  void aReservedHostIsNotGiven() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      assertThat(host(running("portal", "portal@example.com"))).matches("portal-[0-9a-f]{8}");
      assertThat(host(running("xn", "xn--e1afmkfd@example.com"))).isEqualTo("xn-e1afmkfd");
    }
  }

  private SessionFixture running(String name, String user) {
    SessionFixture session = namespace.session(name).ofUser(user).create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    return session;
  }

  private static String host(SessionFixture session) {
    String url = session.get().status().url();
    return url.substring("https://".length(), url.indexOf('.'));
  }
}
