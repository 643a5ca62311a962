package io.vdi.operator.admission.certificates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helidon.webserver.WebServer;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientCertificatesTest {
  private static final String ANSWERED = "HTTP/1.1 200 OK";
  private static final String REFUSED = "refused";

  @TempDir private Path directory;

  private final ClusterCertificateAuthority ca = new ClusterCertificateAuthority("clients");
  private final ClusterCertificateAuthority other = new ClusterCertificateAuthority("others");
  private final AtomicReference<List<String>> names = new AtomicReference<>(List.of());
  private final List<RefusedClients.Reason> refused = new CopyOnWriteArrayList<>();
  private Path file;
  private ClientCertificates clients;
  private TestCertificate certificate;
  private WebServer server;

  @BeforeEach
  void start() {
    file = directory.resolve("ca.crt");
    clients =
        new ClientCertificates(
            file, names::get, new RefusedClients(refused::add, System::nanoTime));
    certificate = TestCertificate.forLoopback(Optional.of(clients));
    server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .shutdownHook(false)
            .tls(certificate.tls())
            .routing(routing -> routing.get("/", (request, response) -> response.send("here")))
            .build()
            .start();
  }

  @AfterEach
  void stop() {
    server.stop();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void onlyCertificatesOfTheCaAreAccepted(String protocol) throws IOException {
    trust(ca);
    assertThat(client(ca, "kube-apiserver").request(server.port(), protocol)).isEqualTo(ANSWERED);
    assertThat(refused).isEmpty();
    assertThat(client(other, "kube-apiserver").request(server.port(), protocol)).isEqualTo(REFUSED);
    assertThat(new TlsClient(certificate.ca(), Optional.empty()).request(server.port(), protocol))
        .isEqualTo(REFUSED);
    ClusterCertificateAuthority.Pair serving = ca.server("kube-apiserver", List.of("a"), List.of());
    assertThat(
            new TlsClient(certificate.ca(), Optional.of(serving)).request(server.port(), protocol))
        .as("a certificate for servers")
        .isEqualTo(REFUSED);
    assertThat(refused)
        .containsExactly(
            RefusedClients.Reason.UNTRUSTED,
            RefusedClients.Reason.MISSING,
            RefusedClients.Reason.UNTRUSTED);
  }

  @Test
  void theNamesOfClientsCanBeLimited() throws IOException {
    trust(ca);
    names.set(List.of("kube-apiserver"));
    assertThat(request(client(ca, "kube-apiserver"))).isEqualTo(ANSWERED);
    assertThat(request(client(ca, "kubelet"))).isEqualTo(REFUSED);
    names.set(List.of("kube-apiserver", "kubelet"));
    assertThat(request(client(ca, "kubelet"))).isEqualTo(ANSWERED);
  }

  @Test
  void aChangedFileAppliesWithoutARestart() throws IOException {
    TlsClient first = client(ca, "kube-apiserver");
    TlsClient second = client(other, "kube-apiserver");
    trust(ca);
    assertThat(request(first)).isEqualTo(ANSWERED);
    Files.writeString(file, ca.certificate() + other.certificate());
    clients.refresh();
    assertThat(request(first)).isEqualTo(ANSWERED);
    assertThat(request(second)).isEqualTo(ANSWERED);
    trust(other);
    // The first client can resume its session for a moment.
    await().atMost(Duration.ofSeconds(10)).until(() -> request(first).equals(REFUSED));
    assertThat(request(second)).isEqualTo(ANSWERED);
  }

  @Test
  void anUnusableFileIsReportedAndTheFormerCaStays() throws IOException {
    assertThat(clients.whyNotReady()).isEqualTo("there is no CA for clients yet");
    assertThat(request(client(ca, "kube-apiserver"))).as("without a CA").isEqualTo(REFUSED);
    clients.refresh();
    assertThat(clients.whyNotReady()).isEqualTo(file + ": cannot be read");
    trust(ca);
    Files.writeString(file, "");
    clients.refresh();
    assertThat(clients.whyNotReady()).isEqualTo(file + ": there is no certificate in it");
    assertThat(request(client(ca, "kube-apiserver"))).isEqualTo(ANSWERED);
    trust(ca);
    assertThat(clients.whyNotReady()).isEmpty();
  }

  @Test
  void aClientWithoutTlsIsNotCountedAsOneWithoutACertificate() throws IOException {
    trust(ca);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      socket.getInputStream().readAllBytes();
    }
    assertThat(refused).containsExactly(RefusedClients.Reason.OTHER);
  }

  private void trust(ClusterCertificateAuthority authority) throws IOException {
    Files.writeString(file, authority.certificate());
    clients.refresh();
    assertThat(clients.whyNotReady()).isEmpty();
  }

  private TlsClient client(ClusterCertificateAuthority authority, String name) {
    return new TlsClient(certificate.ca(), Optional.of(authority.client(name, List.of())));
  }

  private String request(TlsClient client) throws IOException {
    return client.request(server.port(), "TLSv1.3");
  }
}
