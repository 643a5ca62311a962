package io.vdi.operator.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.signin.SignInFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The device authorization grant of RFC 8628; DeviceLoginIT uses a real provider. */
class LoginCommandTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir private Path home;

  private final MockWebServer provider = new MockWebServer();
  private final Queue<MockResponse> tokenAnswers = new ArrayDeque<>();
  private final List<String> requests = new ArrayList<>();
  private final List<Duration> pauses = new ArrayList<>();
  private final FakeCluster cluster = new FakeCluster();
  private String deviceAnswer = "";
  private String issuer = "";
  private Instant now = NOW;
  private TestConsole console = new TestConsole(0, false);

  @BeforeEach
  void start() throws IOException {
    provider.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return answer(request);
          }
        });
    provider.start();
    issuer = "http://127.0.0.1:" + provider.getPort();
    deviceAnswer =
        "{\"device_code\": \"dev\", \"user_code\": \"ABCD-EFGH\", \"verification_uri\": \"%1$s/device\", \"verification_uri_complete\": \"%1$s/device?user_code=ABCD-EFGH\", \"expires_in\": 60, \"interval\": 2}"
            .formatted(issuer);
  }

  @AfterEach
  void stop() {
    provider.close();
    cluster.close();
  }

  private MockResponse answer(RecordedRequest request) {
    String path = request.getUrl().encodedPath();
    requests.add(path + " " + (request.getBody() == null ? "" : request.getBody().utf8()));
    return switch (path) {
      case "/.well-known/openid-configuration" ->
          json(
              200,
              "{\"issuer\": \"%1$s\", \"token_endpoint\": \"%1$s/token\", \"device_authorization_endpoint\": \"%1$s/auth\", \"revocation_endpoint\": \"%1$s/revoke\"}"
                  .formatted(issuer));
      case "/auth" -> json(200, deviceAnswer);
      case "/token" -> tokenAnswers.remove();
      case "/revoke" -> json(200, "");
      default -> json(404, "");
    };
  }

  private static MockResponse json(int status, String body) {
    return new MockResponse.Builder().code(status).body(body).build();
  }

  private static MockResponse error(String error) {
    return json(400, "{\"error\": \"" + error + "\"}");
  }

  private static String idToken(Instant expires) {
    String claims =
        "{\"email\": \"alice@example.com\", \"exp\": %d}".formatted(expires.getEpochSecond());
    return "e30."
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(claims.getBytes(StandardCharsets.UTF_8))
        + ".sig";
  }

  private static MockResponse tokens(Instant expires, String refreshToken) {
    return json(
        200,
        "{\"id_token\": \"%s\", \"refresh_token\": \"%s\"}"
            .formatted(idToken(expires), refreshToken));
  }

  private int run(String... arguments) {
    return run(Map.of(), arguments);
  }

  private int run(Map<String, String> more, String... arguments) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("HOME", home.toString());
    console = new TestConsole(0, false, environment);
    return new CommandLine(
            new LoginCommand(
                console.console(),
                time -> {
                  pauses.add(time);
                  now = now.plus(time);
                },
                () -> now))
        .setExecutionExceptionHandler((e, line, parsed) -> {
          console.console().err().println(e.getMessage());
          return e instanceof CliException ? 1 : 99;
        })
        .execute(arguments);
  }

  private SignInFile file() {
    return SignInFile.of(Map.of("HOME", home.toString()), issuer, "kubectl");
  }

  @Test
  @DisplayName("it shows address and code, asks in the interval, and slows down when told to")
  void deviceFlow() throws IOException {
    tokenAnswers.add(error("authorization_pending"));
    tokenAnswers.add(error("slow_down"));
    tokenAnswers.add(json(503, "overloaded"));
    tokenAnswers.add(tokens(NOW.plusSeconds(300), "refresh-1"));
    assertThat(run("--issuer", issuer)).isZero();
    assertThat(console.err())
        .contains("open " + issuer + "/device\n", "code ABCD-EFGH within 1 minutes");
    assertThat(console.out()).contains("Signed in as alice@example.com until 2026-01-01T00:05:00Z");
    assertThat(console.out() + console.err()).doesNotContain("refresh-1", "e30.");
    assertThat(pauses)
        .containsExactly(
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofSeconds(7),
            Duration.ofSeconds(14));
    assertThat(requests.get(1)).contains("client_id=kubectl", "scope=openid+email+profile");
    assertThat(requests.getLast()).contains("device_code=dev", "device_code");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file().path())))
        .isEqualTo("rw-------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(file().path().getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  @DisplayName("a denied or expired sign-in fails, and nothing is stored")
  void refused() {
    tokenAnswers.add(error("access_denied"));
    assertThat(run("--issuer", issuer)).isEqualTo(1);
    assertThat(console.err()).contains("denied");
    tokenAnswers.add(error("expired_token"));
    assertThat(run("--issuer", issuer)).isEqualTo(1);
    assertThat(console.err()).contains("expired");
    for (int i = 0; i < 30; i++) {
      tokenAnswers.add(error("authorization_pending"));
    }
    assertThat(run("--issuer", issuer)).isEqualTo(1);
    assertThat(console.err()).contains("expired");
    tokenAnswers.clear();
    tokenAnswers.add(json(200, "{\"id_token\": \"rubbish\"}"));
    assertThat(run("--issuer", issuer)).isEqualTo(1);
    deviceAnswer = "{\"error\": \"invalid_client\"}";
    assertThat(run("--issuer", issuer)).isEqualTo(1);
    assertThat(console.err()).contains("invalid_client");
    assertThat(file().read()).isEmpty();
  }

  @Test
  @DisplayName(
      "as a credential plugin it prints a token, refreshes it, and signs in only if needed")
  void execCredential() {
    tokenAnswers.add(tokens(NOW.plusSeconds(300), "refresh-1"));
    assertThat(run("--issuer", issuer, "--exec-credential")).isZero();
    assertCredential(NOW.plusSeconds(300));
    requests.clear();
    assertThat(run("--issuer", issuer, "--exec-credential")).isZero();
    assertCredential(NOW.plusSeconds(300));
    assertThat(requests).isEmpty();
    now = NOW.plusSeconds(290);
    tokenAnswers.add(tokens(NOW.plusSeconds(600), "refresh-2"));
    assertThat(run("--issuer", issuer, "--exec-credential")).isZero();
    assertCredential(NOW.plusSeconds(600));
    assertThat(requests.getLast()).contains("refresh_token=refresh-1");
    assertThat(file().read().orElseThrow().refreshToken()).contains("refresh-2");
    now = NOW.plusSeconds(700);
    tokenAnswers.add(error("invalid_grant"));
    assertThat(
            run(
                Map.of("KUBERNETES_EXEC_INFO", "{\"spec\":{\"interactive\":false}}"),
                "--issuer",
                issuer,
                "--exec-credential"))
        .isEqualTo(1);
    assertThat(console.err()).contains("run kubectl vdi login first");
  }

  private void assertCredential(Instant expires) {
    JsonObject credential = JsonParser.parseString(console.out()).getAsJsonObject();
    assertThat(credential.get("apiVersion").getAsString())
        .isEqualTo("client.authentication.k8s.io/v1");
    assertThat(credential.get("kind").getAsString()).isEqualTo("ExecCredential");
    JsonObject status = credential.getAsJsonObject("status");
    assertThat(status.get("token").getAsString()).isEqualTo(idToken(expires));
    assertThat(status.get("expirationTimestamp").getAsString()).isEqualTo(expires.toString());
  }

  @Test
  @DisplayName("the issuer is that of the gate; a wrong or unsafe one is refused")
  void issuers() throws IOException {
    Path kubeconfig = Files.writeString(home.resolve("kubeconfig"), cluster.kubeconfig());
    cluster.put(
        "/api/v1/namespaces/vdi-system/configmaps/vdi-config",
        "{data: {gate.yaml: 'gate: {oidc: {issuer: \"" + issuer + "\"}}'}}");
    tokenAnswers.add(tokens(NOW.plusSeconds(300), "refresh-1"));
    assertThat(run("--kubeconfig", kubeconfig.toString())).isZero();
    assertThat(run("--issuer", issuer + "/other")).isEqualTo(1);
    assertThat(run("--issuer", "http://sso.example.com")).isEqualTo(1);
    assertThat(console.err()).contains("must be an https address");
    assertThat(run("--exec-credential")).isEqualTo(1);
    String real = issuer;
    issuer = "https://other.example";
    assertThat(run("--issuer", real)).isEqualTo(1);
    assertThat(console.err()).contains("is the issuer \"https://other.example\"");
  }

  @Test
  @DisplayName("a sign-out deletes the file and revokes the refresh token")
  void logout() {
    tokenAnswers.add(tokens(NOW.plusSeconds(300), "refresh-1"));
    assertThat(run("--issuer", issuer)).isZero();
    TestConsole out = new TestConsole(0, false, Map.of("HOME", home.toString()));
    assertThat(new CommandLine(new LogoutCommand(out.console())).execute("--issuer", issuer))
        .isZero();
    assertThat(out.out()).contains("Signed out alice@example.com");
    assertThat(requests.getLast()).contains("/revoke", "token=refresh-1");
    assertThat(file().path()).doesNotExist();
    assertThat(new CommandLine(new LogoutCommand(out.console())).execute("--issuer", issuer))
        .isZero();
    assertThat(out.out()).contains("There was no sign-in");
  }
}
