package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ForwardedPortTest {
  private static final String PORT_FORWARD = FakeCluster.core("pods", "alice") + "/portforward";

  private final FakeCluster fake = new FakeCluster();
  private final ClusterAccess cluster = fake.connect();
  private final MockWebServer pod = new MockWebServer();

  @BeforeEach
  void start() throws IOException {
    pod.start(InetAddress.getLoopbackAddress(), 0);
  }

  @AfterEach
  void stop() {
    cluster.close();
    fake.close();
    pod.close();
  }

  private ForwardedPort alice() {
    return ForwardedPort.to(cluster, FakeCluster.NAMESPACE, "alice", 8080);
  }

  @Test
  void getsPagesOfThePod() throws InterruptedException {
    fake.forward(FakeCluster.NAMESPACE, "alice", pod.getPort());
    pod.enqueue(new MockResponse.Builder().code(401).build());
    pod.enqueue(new MockResponse.Builder().body("x".repeat(100_000)).build());
    try (ForwardedPort port = alice()) {
      assertThat(port.get("/api/health", Optional.empty()))
          .contains(new ForwardedPort.Page(401, ""));
      assertThat(port.get("/", Optional.of("Basic YTpi")))
          .hasValueSatisfying(page -> assertThat(page.body()).hasSize(100_000));
    }
    assertThat(fake.requests()).contains("GET " + PORT_FORWARD + "?ports=8080");
    assertThat(pod.takeRequest().getTarget()).isEqualTo("/api/health");
    assertThat(pod.takeRequest().getHeaders().get("Authorization")).isEqualTo("Basic YTpi");
  }

  @Test
  void aPodThatDoesNotAnswerIsEmpty() {
    pod.close();
    fake.forward(FakeCluster.NAMESPACE, "alice", pod.getPort());
    try (ForwardedPort port = alice()) {
      assertThat(port.get("/", Optional.empty())).isEmpty();
    }
  }

  @Test
  void aMissingPodIsEmpty() {
    try (ForwardedPort port = alice()) {
      assertThat(port.get("/", Optional.empty())).isEmpty();
    }
  }

  @Test
  void withoutPermissionItIsRejected() {
    fake.reject("GET " + PORT_FORWARD, 403, "pods \"alice\" is forbidden");
    try (ForwardedPort port = alice()) {
      assertThatThrownBy(() -> port.get("/", Optional.empty()))
          .isInstanceOf(CliException.ApiRejected.class)
          .hasMessage("forbidden: you may not create pods/portforward");
    }
  }
}
