package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RelayChecksTest {
  private static final String POD = FakeCluster.core("pods", "alice");
  private static final String SECRET = FakeCluster.core("secrets", "vdi-auth-alice");

  private final CheckRunner runner = new CheckRunner();
  private final FakeTurnServer turn = new FakeTurnServer("alice", "secret");

  @BeforeEach
  void session() {
    runner.alice("", "phase: Running", 60);
    // alice and secret in base64
    runner.fake.put(SECRET, "data: {turn-username: YWxpY2U=, turn-password: c2VjcmV0}");
    pod("udp", turn.port());
  }

  @AfterEach
  void close() {
    runner.close();
    turn.close();
  }

  private void pod(String protocol, int port) {
    runner.fake.put(
        POD,
        """
        spec:
          containers:
            - env:
                - {name: SELKIES_TURN_HOST, value: 127.0.0.1}
                - {name: SELKIES_TURN_PORT, value: "%d"}
                - {name: SELKIES_TURN_PROTOCOL, value: %s}
                - name: SELKIES_TURN_USERNAME
                  valueFrom: {secretKeyRef: {key: turn-username}}
                - name: SELKIES_TURN_PASSWORD
                  valueFrom: {secretKeyRef: {key: turn-password}}
        """
            .formatted(port, protocol));
  }

  private String check() {
    return runner.runOnAlice(RelayChecks.checks(), "turn");
  }

  @Test
  void theServerAllocates() {
    assertThat(check()).isEqualTo("ok: 127.0.0.1:" + turn.port() + " allocates");
  }

  @Test
  void refusedCredentialsAreReported() {
    runner.fake.put(SECRET, "data: {turn-username: YWxpY2U=, turn-password: Zm9yZ2Vk}");
    assertThat(check())
        .isEqualTo(
            "VDI332 TURN server 127.0.0.1:"
                + turn.port()
                + " in team-a: it answers 401 Unauthorized");
  }

  @Test
  void aServerThatDoesNotAnswerIsReported() {
    int port = turn.port();
    turn.close();
    assertThat(check()).startsWith("VDI331 TURN server 127.0.0.1:" + port + " in team-a: ");
  }

  @Test
  void withoutPodTurnOrUdpItIsSkipped() {
    pod("tcp", turn.port());
    assertThat(check()).isEqualTo("skipped: only UDP is checked");
    runner.fake.put(POD, "spec: {containers: [{env: [{name: DISPLAY, value: ':0'}]}]}");
    assertThat(check()).isEqualTo("skipped: the desktop uses none");
    runner.fake.remove(POD);
    assertThat(check()).isEqualTo("skipped: there is no pod");
  }

  @Test
  void withoutCredentialsItIsSkipped() {
    runner.fake.remove(SECRET);
    assertThat(check()).isEqualTo("skipped: the session has no TURN credentials");
  }
}
