package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnClientTest {
  private static TurnClient.Result allocate(FakeTurnServer server, String password)
      throws IOException {
    return TurnClient.allocate("127.0.0.1", server.port(), "1767225600:alice", password);
  }

  @Test
  void allocatesAndReleases() throws IOException {
    try (FakeTurnServer server = new FakeTurnServer("1767225600:alice", "secret")) {
      assertThat(allocate(server, "secret")).isEqualTo(new TurnClient.Result.Allocated());
      assertThat(server.requests())
          .isEqualTo(List.of("allocate", "allocate signed", "refresh signed lifetime 0"));
    }
  }

  @Test
  void reportsWrongCredentials() throws IOException {
    try (FakeTurnServer server = new FakeTurnServer("1767225600:alice", "secret")) {
      assertThat(allocate(server, "forged"))
          .isEqualTo(new TurnClient.Result.Refused(401, "Unauthorized"));
    }
  }

  @Test
  void acceptsAServerWithoutAuthentication() throws IOException {
    try (FakeTurnServer server = FakeTurnServer.open()) {
      assertThat(allocate(server, "any")).isEqualTo(new TurnClient.Result.Allocated());
      assertThat(server.requests()).isEqualTo(List.of("allocate"));
    }
  }

  @Test
  void repeatsALostRequest() throws IOException {
    try (FakeTurnServer server = new FakeTurnServer("1767225600:alice", "secret")) {
      server.dropNext();
      assertThat(allocate(server, "secret")).isEqualTo(new TurnClient.Result.Allocated());
    }
  }

  @Test
  void ignoresAnswersToOtherRequestsAndGarbage() throws IOException {
    try (FakeTurnServer server = FakeTurnServer.answering(new byte[] {1, 2, 3})) {
      assertThatThrownBy(() -> allocate(server, "secret"))
          .isInstanceOf(IOException.class)
          .hasMessage("no answer in 3 tries of 700 ms");
    }
    try (FakeTurnServer server = FakeTurnServer.answering(new byte[40])) {
      assertThatThrownBy(() -> allocate(server, "secret")).isInstanceOf(IOException.class);
      assertThat(server.requests()).hasSize(3);
    }
  }

  @Test
  void failsIfTheHostIsUnknown() {
    assertThatThrownBy(() -> TurnClient.allocate("turn.invalid", 3478, "alice", "secret"))
        .isInstanceOf(IOException.class);
  }
}
