package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.Scheme;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The clients of KasmVNC, over HTTPS with a certificate that nobody can verify. */
class KasmVncActivityTest {
  private final DesktopClient client = new DesktopClient();
  private FakeKasmVnc server;

  @BeforeEach
  void start() {
    server = new FakeKasmVnc("kasm_user", "secret");
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  @DisplayName("each entry of a user is a client")
  void connected() throws InterruptedException {
    assertThat(probe("secret", Scheme.HTTPS))
        .isEqualTo(new ProbeResult.ConnectedClients(0, Optional.empty()));
    server.connect(2);
    assertThat(probe("secret", Scheme.HTTPS))
        .isEqualTo(new ProbeResult.ConnectedClients(2, Optional.empty()));
    server.connect(0);
    assertThat(probe("secret", Scheme.HTTPS))
        .isEqualTo(new ProbeResult.ConnectedClients(0, Optional.empty()));
  }

  @Test
  @DisplayName("a wrong password and a wrong scheme are no answer")
  void noAnswer() throws InterruptedException {
    assertThat(probe("guess", Scheme.HTTPS)).isEqualTo(new ProbeResult.NoAnswer("HTTP status 401"));
    assertThat(probe("secret", Scheme.HTTP)).isInstanceOf(ProbeResult.NoAnswer.class);
  }

  private ProbeResult probe(String password, Scheme scheme) throws InterruptedException {
    return client.probe(
        new DesktopEndpoint(
            ActivitySource.Api.KASMVNC,
            scheme,
            "127.0.0.1",
            server.port(),
            new DesktopCredentials("kasm_user", password)),
        Duration.ofSeconds(10));
  }
}
