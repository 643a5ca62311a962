package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.kubernetes.client.util.KubeConfig;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.TlsVersion;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A desktop with a certificate that it made for itself, for another name, which has expired. */
@Timeout(60)
class UnverifiedTlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir private static Path directory;

  private static HttpsServer desktop;

  @BeforeAll
  static void start() throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(expiredCertificate(), PASSWORD);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    desktop = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    desktop.setHttpsConfigurator(new HttpsConfigurator(tls));
    answer(desktop);
  }

  @AfterAll
  static void stop() {
    desktop.stop(0);
  }

  @Test
  void anUnknownExpiredCertificateForAnotherNameIsAcceptedAndTheConnectionIsEncrypted()
      throws IOException {
    OkHttpClient client = UnverifiedTls.accept(new OkHttpClient.Builder()).build();
    try (Response response = get(client, url())) {
      assertThat(response.body().string()).isEqualTo("desktop");
      assertThat(response.handshake().tlsVersion()).isEqualTo(TlsVersion.TLS_1_3);
    }
  }

  @Test
  void theClientThatItIsMadeFromStillRefusesAlsoWhereAConnectionIsOpen() throws IOException {
    OkHttpClient strict = new OkHttpClient();
    OkHttpClient lenient = UnverifiedTls.accept(strict.newBuilder()).build();
    get(lenient, url()).close();
    assertThat(strict.connectionPool().connectionCount())
        .as("open connections of the pool that both use")
        .isEqualTo(1);
    assertRefused(() -> get(strict, url()).close());
    assertRefused(() -> get(strict.newBuilder().build(), url()).close());
    get(lenient, url()).close();
  }

  @Test
  void otherClientsOfTheProcessStillRefuse() throws Exception {
    get(UnverifiedTls.accept(new OkHttpClient.Builder()).build(), url()).close();
    assertRefused(() -> {
      HttpsURLConnection connection =
          (HttpsURLConnection) URI.create(url()).toURL().openConnection();
      connection.getResponseCode();
    });
    try (FakeApiServer fake = FakeApiServer.start()) {
      KubeConfig config =
          KubeConfig.loadKubeConfig(new StringReader(fake.kubeconfig().replace(fake.url(), url())));
      KubeClient api = KubeClientFactory.of(config);
      assertThat(api.get(ResourceType.POD, "team", "a").failure())
          .hasValueSatisfying(
              why -> assertThat(why.message()).contains("unable to find valid certification path"));
      api.close();
    }
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("unable to find valid certification path");
  }

  private static void answer(HttpServer server) {
    server.createContext(
        "/",
        exchange -> {
          byte[] body = "desktop".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  private static String url() {
    return "https://127.0.0.1:" + desktop.getAddress().getPort();
  }

  private static Response get(OkHttpClient client, String url) throws IOException {
    return client.newCall(new Request.Builder().url(url).build()).execute();
  }

  private static KeyStore expiredCertificate() throws Exception {
    Path file = directory.resolve("self.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=other.example",
                "-startdate",
                "-10d",
                "-validity",
                "1",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                String.valueOf(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(file).as(output).exists();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    X509Certificate certificate = (X509Certificate) keys.getCertificate("mykey");
    assertThatThrownBy(certificate::checkValidity).isInstanceOf(CertificateExpiredException.class);
    return keys;
  }
}
