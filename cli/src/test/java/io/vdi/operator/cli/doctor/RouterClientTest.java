package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.cli.cluster.CliException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over HTTPS: the router has a certificate for alice.vdi.example.com of a CA in a file. */
class RouterClientTest {
  private static final HeldCertificate CA =
      new HeldCertificate.Builder().certificateAuthority(0).build();

  private final Path caFile;
  private final MockWebServer router = new MockWebServer();

  RouterClientTest(@TempDir Path folder) throws IOException {
    caFile = Files.writeString(folder.resolve("ca.crt"), CA.certificatePem());
  }

  @BeforeEach
  void start() throws IOException {
    HeldCertificate certificate =
        new HeldCertificate.Builder()
            .addSubjectAlternativeName("alice.vdi.example.com")
            .signedBy(CA)
            .build();
    router.useHttps(
        new HandshakeCertificates.Builder()
            .heldCertificate(certificate)
            .build()
            .sslSocketFactory());
    router.start();
  }

  @AfterEach
  void stop() {
    router.close();
  }

  private RouterClient trusting() {
    return new RouterClient(Optional.of("127.0.0.1"), Optional.of(caFile));
  }

  /** Trusts the CAs of the system, which do not include the test's. */
  private static RouterClient distrusting() {
    return new RouterClient(Optional.of("127.0.0.1"), Optional.empty());
  }

  private String url(String host) {
    return "https://" + host + ":" + router.getPort() + "/";
  }

  private void answer(int status) {
    router.enqueue(new MockResponse.Builder().code(status).build());
  }

  @Test
  void theAddressIsThatOfTheRouterElseOfDns() throws UnknownHostException {
    try (RouterClient client = trusting()) {
      assertThat(client.address("alice.vdi.example.com").getHostAddress()).isEqualTo("127.0.0.1");
    }
    try (RouterClient client = new RouterClient(Optional.empty(), Optional.empty())) {
      assertThat(client.address("127.0.0.2").getHostAddress()).isEqualTo("127.0.0.2");
      assertThatThrownBy(() -> client.address("alice.invalid"))
          .isInstanceOf(UnknownHostException.class);
    }
  }

  @Test
  void acceptsATrustedCertificateWhateverTheStatus() throws IOException {
    answer(503);
    try (RouterClient client = trusting()) {
      client.checkCertificate(url("alice.vdi.example.com"));
    }
  }

  @Test
  void rejectsACertificateOfAnotherCaOrForAnotherHost() {
    try (RouterClient client = distrusting()) {
      assertThatThrownBy(() -> client.checkCertificate(url("alice.vdi.example.com")))
          .isInstanceOf(SSLException.class);
    }
    try (RouterClient client = trusting()) {
      assertThatThrownBy(() -> client.checkCertificate(url("bob.vdi.example.com")))
          .isInstanceOf(SSLException.class);
    }
  }

  @Test
  void readsTheStatusWithoutVerifyingTheCertificate() throws IOException, InterruptedException {
    answer(401);
    answer(302);
    try (RouterClient client = distrusting()) {
      assertThat(client.status(url("bob.vdi.example.com"))).isEqualTo(401);
      assertThat(client.status(url("bob.vdi.example.com"))).as("redirect").isEqualTo(302);
    }
    assertThat(router.takeRequest().getHeaders().names()).doesNotContain("Authorization");
  }

  @Test
  void anUnreachableRouterFails() {
    router.close();
    try (RouterClient client = trusting()) {
      assertThatThrownBy(() -> client.status(url("alice.vdi.example.com")))
          .isInstanceOf(IOException.class);
    }
  }

  /** Opens a WebSocket, and closes it when the client does. */
  static MockResponse webSocket(Runnable onClosing) {
    return new MockResponse.Builder()
        .webSocketUpgrade(
            new WebSocketListener() {
              @Override
              public void onClosing(WebSocket socket, int code, String reason) {
                socket.close(code, reason);
                onClosing.run();
              }
            })
        .build();
  }

  @Test
  void opensAWebSocketWithTheCredentialsAndClosesIt() throws InterruptedException {
    CountDownLatch closed = new CountDownLatch(1);
    router.enqueue(webSocket(closed::countDown));
    try (RouterClient client = trusting()) {
      assertThat(client.upgrade(url("alice.vdi.example.com"), "Basic YTpi"))
          .isEqualTo(new RouterClient.Upgrade.Answered(101));
      assertThat(closed.await(10, TimeUnit.SECONDS)).as("WebSocket closed").isTrue();
    }
    assertThat(router.takeRequest().getHeaders().get("Authorization")).isEqualTo("Basic YTpi");
  }

  @Test
  void reportsAnotherAnswerThanAnUpgrade() {
    answer(400);
    try (RouterClient client = trusting()) {
      assertThat(client.upgrade(url("alice.vdi.example.com"), "Basic YTpi"))
          .isEqualTo(new RouterClient.Upgrade.Answered(400));
    }
  }

  @Test
  void doesNotSendCredentialsToARouterThatIsNotTrusted() {
    try (RouterClient client = distrusting()) {
      assertThat(client.upgrade(url("alice.vdi.example.com"), "Basic YTpi"))
          .isEqualTo(new RouterClient.Upgrade.Untrusted());
    }
    assertThat(router.getRequestCount()).isZero();
  }

  @Test
  void reportsARouterThatDoesNotAnswer() {
    router.close();
    try (RouterClient client = trusting()) {
      assertThat(client.upgrade(url("alice.vdi.example.com"), "Basic YTpi"))
          .isEqualTo(new RouterClient.Upgrade.NotAnswered());
    }
  }

  @Test
  void aFileWithoutCertificatesIsAUsageError(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("empty.crt"), "no certificate");
    assertThatThrownBy(() -> new RouterClient(Optional.empty(), Optional.of(file)))
        .isInstanceOf(CliException.Usage.class)
        .hasMessageStartingWith("--certificate-authority " + file + " cannot be used: ");
  }
}
