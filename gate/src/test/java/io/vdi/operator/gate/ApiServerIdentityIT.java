package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.devcluster.addons.Keycloak;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Kubeconfig;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Command;
import io.vdi.operator.gate.TestGate.Browser;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** kubectl with ID tokens of Keycloak: the API server knows the same users as the gate. */
class ApiServerIdentityIT {
  @TempDir private static Path folder;
  private static EmbeddedCluster cluster;
  private static Keycloak keycloak;
  private static HttpClient http;

  @BeforeAll
  static void start() throws Exception {
    cluster = EmbeddedCluster.start(folder.resolve("cluster"), new SimulatedNodes.Spec(0, 0, 0));
    keycloak = Keycloak.start(cluster, URI.create("https://portal.vdi.example.com"));
    http = HttpClient.newBuilder().sslContext(trusting(ca())).build();
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
    if (http != null) {
      http.close();
    }
  }

  @Test
  void theApiServerKnowsUsersByEmailAndGroups() throws Exception {
    String token = idToken("carol");
    await()
        .atMost(Duration.ofMinutes(2))
        .ignoreException(ClusterException.class)
        .untilAsserted(() ->
            assertThat(whoAmI(token))
                .contains("oidc:carol@example.com", "oidc:vdi-admins", "system:authenticated"));
    assertThat(whoAmI(idToken("alice")))
        .contains("oidc:alice@example.com", "oidc:artists")
        .doesNotContain("vdi-admins");
  }

  @Test
  void anAddressThatIsNotVerifiedIsNoIdentity() throws Exception {
    String token = idToken("mallory");
    assertThatThrownBy(() -> whoAmI(token)).hasMessageContaining("Unauthorized");
  }

  @Test
  void theGateTrustsTheCaOfTheFileOnly() throws Exception {
    try (FakeApiServer server = TestGate.apiServer();
        TestGate trusting =
            new TestGate(
                server, keycloak.issuer(), Map.of("vdiConfig_GATE_OIDC_CA_FILE", ca().toString()));
        Browser visitor = trusting.new Browser();
        TestGate other = new TestGate(server, keycloak.issuer(), Map.of());
        Browser refused = other.new Browser()) {
      assertThat(visitor.portal("/signin").location()).startsWith(keycloak.issuer());
      assertThat(refused.portal("/signin").status()).isEqualTo(503);
    }
  }

  private static String whoAmI(String token) {
    return Command.run(
        List.of(
            cluster.kubectl().toString(),
            "--server=" + Kubeconfig.read(cluster.kubeconfig()).server(),
            "--certificate-authority=" + ca(),
            "--token=" + token,
            "auth",
            "whoami",
            "-o",
            "yaml"),
        Map.of("KUBECONFIG", "/dev/null"));
  }

  private static String idToken(String user) throws Exception {
    String form =
        Map.of(
                "grant_type",
                "password",
                "client_id",
                Keycloak.KUBECTL,
                "scope",
                "openid",
                "username",
                user,
                "password",
                keycloak.password())
            .entrySet()
            .stream()
            .map(field ->
                field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(URI.create(keycloak.issuer() + "/protocol/openid-connect/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    JsonObject answer = JsonParser.parseString(response.body()).getAsJsonObject();
    assertThat(answer.has("id_token")).as(response.body()).isTrue();
    return answer.get("id_token").getAsString();
  }

  private static Path ca() {
    return cluster.folder().resolve("ca.crt");
  }

  private static SSLContext trusting(Path certificate) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    try (var in = Files.newInputStream(certificate)) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
