package io.vdi.operator.admission.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;

class ServingCertificateTest {
  private static final CertificateSettings SETTINGS =
      new CertificateSettings(
          Duration.ofDays(10), Duration.ofDays(1), Duration.ofHours(1), List.of("127.0.0.1"));

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final Issuer issuer = new Issuer(new SecureRandom());
  private final CertificateKeyPair ca = issuer.issueCa(now.get(), SETTINGS.caDuration());
  private final ServingCertificate serving = new ServingCertificate(now::get, Optional.empty());

  @Test
  void withoutACertificateItIsNotReady() {
    assertThat(serving.whyNotReady()).isEqualTo("there is no certificate yet");
    assertThat(serving.expiryEpochSeconds()).isZero();
    serving.fail("the disk is full");
    assertThat(serving.whyNotReady()).isEqualTo("the disk is full");
  }

  @Test
  void anErrorIsReportedUntilACertificateIsUsedAndKeepsTheFormerOne() {
    CertificateKeyPair pair = issue();
    serving.use(pair);
    serving.fail("renewal failed");
    assertThat(serving.whyNotReady()).isEqualTo("renewal failed");
    assertThat(serving.current()).contains(pair);
    serving.use(pair);
    assertThat(serving.whyNotReady()).isEmpty();
  }

  @Test
  void anExpiredCertificateIsReportedWithTheErrorOfItsRenewal() {
    CertificateKeyPair pair = issue();
    serving.use(pair);
    assertThat(serving.expiryEpochSeconds())
        .isEqualTo(pair.certificate().getNotAfter().toInstant().getEpochSecond());
    now.set(now.get().plus(Duration.ofDays(2)));
    assertThat(serving.whyNotReady())
        .isEqualTo(
            "the certificate has expired at " + pair.certificate().getNotAfter().toInstant());
    serving.fail("renewal failed");
    assertThat(serving.whyNotReady()).endsWith("; renewal failed");
  }

  @Test
  void theServerGetsTheCurrentCertificateAndEachNewOneOnce() {
    List<Tls> received = new ArrayList<>();
    serving.onChange(received::add);
    assertThat(received).as("without a certificate").isEmpty();
    CertificateKeyPair pair = issue();
    serving.use(pair);
    serving.use(pair);
    assertThat(received).hasSize(1);
    serving.use(issue());
    assertThat(received).hasSize(2);
    serving.onChange(received::add);
    assertThat(received).as("on registration").hasSize(3);
  }

  @Test
  void newConnectionsGetTheNewCertificateAndOpenOnesStayUsable() throws Exception {
    CertificateKeyPair first = issue();
    CertificateKeyPair second = issue();
    WebServer server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .shutdownHook(false)
            .tls(ServingCertificate.tls(first, Optional.empty()))
            .routing(routing -> routing.get("/", (request, response) -> response.send("here")))
            .build()
            .start();
    try (SSLSocket open = connect(server.port())) {
      assertThat(peer(open)).isEqualTo(first.certificate());
      assertThat(get(open)).startsWith("HTTP/1.1 200");
      server.reloadTls(ServingCertificate.tls(second, Optional.empty()));
      assertThat(get(open)).startsWith("HTTP/1.1 200");
      try (SSLSocket next = connect(server.port())) {
        assertThat(peer(next)).isEqualTo(second.certificate());
        assertThat(get(next)).startsWith("HTTP/1.1 200");
      }
    } finally {
      server.stop();
    }
  }

  @Test
  void aChainInAnyOrderIsServed() throws Exception {
    CertificateKeyPair pair = issue();
    CertificateKeyPair unordered =
        new CertificateKeyPair(
            List.of(pair.certificate(), issue().certificate(), ca.certificate()), pair.key());
    WebServer server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .shutdownHook(false)
            .tls(ServingCertificate.tls(unordered, Optional.empty()))
            .build()
            .start();
    try (SSLSocket socket = connect(server.port())) {
      assertThat(peer(socket)).isEqualTo(pair.certificate());
    } finally {
      server.stop();
    }
  }

  private CertificateKeyPair issue() {
    return issuer.issueServing(ca, SETTINGS, now.get());
  }

  /** A client that trusts the CA alone. */
  private SSLSocket connect(int port) throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", ca.certificate());
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    socket.startHandshake();
    return socket;
  }

  private static Certificate peer(SSLSocket socket) throws IOException {
    return socket.getSession().getPeerCertificates()[0];
  }

  private static String get(SSLSocket socket) throws IOException {
    socket
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    byte[] buffer = new byte[4096];
    int length = socket.getInputStream().read(buffer);
    return length < 0 ? "end" : new String(buffer, 0, length, StandardCharsets.UTF_8);
  }
}
