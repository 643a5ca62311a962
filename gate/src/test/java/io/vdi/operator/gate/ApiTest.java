package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.signin.TestProvider;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The REST API of a whole gate, over HTTP, with a fake API server and a fake provider. */
class ApiTest {
  private static final String SESSIONS = "/api/v1/sessions";
  private static final String ALICE = SESSIONS + "/desks/alice";

  private final FakeApiServer server = TestGate.apiServer();
  private final TestProvider provider = TestProvider.start();
  private final String alice = ApiClient.token(provider, "alice@example.com", "artists");
  private final String bob = ApiClient.token(provider, "bob@example.com");
  private final String admin = ApiClient.token(provider, "carol@example.com", "admins");
  private TestGate gate;
  private ApiClient api;

  @BeforeEach
  void start() throws Exception {
    server.put(
        ResourceType.TEMPLATE,
        "{metadata: {name: base, uid: t1}, spec: {image: desktop, displayName: Base, timeout: 2h}}");
    server.put(
        ResourceType.TEMPLATE,
        "{metadata: {name: art, uid: t2}, spec: {image: desktop, allowedGroups: [artists]}}");
    TestGate.session(server, "alice", "uid-alice");
    TestGate.session(server, "bob", "uid-bob");
    gate = gate();
    api = new ApiClient(gate.portalPort());
    await().until(() -> api.get(admin, SESSIONS).json().get("total").getAsInt() == 2);
  }

  private TestGate gate() throws Exception {
    return new TestGate(
        server,
        provider.issuer(),
        Map.of(
            "vdiConfig_GATE_NAMESPACE", "vdi-{user}",
            "vdiConfig_GATE_CREATE_NAMESPACES", "true",
            "vdiConfig_GATE_API_REQUESTS_PER_SECOND", "1000"));
  }

  @AfterEach
  void stop() {
    api.close();
    gate.close();
    provider.close();
    server.close();
  }

  private List<FakeApiServer.Request> writes() {
    return server.requests(
        request -> request.path().contains("vdisessions") && !request.method().equals("GET"));
  }

  @Test
  @DisplayName("a session is created in the name of the user, in the namespace of the user")
  void create() {
    ApiClient.Answer created = api.post(alice, SESSIONS, "{\"template\": \"base\"}");
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    JsonObject session = created.json();
    assertThat(session.get("namespace").getAsString()).isEqualTo("vdi-alice-example-com");
    assertThat(session.get("name").getAsString()).matches("base-[a-z0-9]{5}");
    assertThat(created.header("Location"))
        .contains(SESSIONS + "/vdi-alice-example-com/" + session.get("name").getAsString());
    FakeApiServer.Request write = writes().getLast();
    assertThat(write.headers())
        .containsEntry("Impersonate-User", "alice@example.com")
        .containsEntry("Impersonate-Group", "artists");
    assertThat(write.json().getAsJsonObject("spec").get("user").getAsString())
        .isEqualTo("alice@example.com");
    assertThat(server.find(ResourceType.NAMESPACE, "", "vdi-alice-example-com")).isPresent();
    assertThat(
            server.requests(request -> request.path().endsWith("/rolebindings")).stream()
                .map(
                    request -> request.json().getAsJsonObject("roleRef").get("name").getAsString()))
        .containsExactly("vdi-sessions-edit", "vdi-homes-edit");
    assertThat(api.get(alice, created.header("Location").orElseThrow()).status()).isEqualTo(200);
  }

  @Test
  @DisplayName("two gates create one namespace")
  void oneNamespace() throws Exception {
    try (TestGate other = gate();
        ApiClient second = new ApiClient(other.portalPort());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        ApiClient client = i % 2 == 0 ? api : second;
        calls.add(() -> client.post(alice, SESSIONS, "{\"template\": \"base\"}").status());
      }
      for (var call : threads.invokeAll(calls)) {
        assertThat(call.get()).isEqualTo(201);
      }
    }
    assertThat(writes().stream().map(FakeApiServer.Request::path).distinct()).hasSize(1);
  }

  @Test
  @DisplayName("a namespace of another user, or of nobody, is not used")
  void foreignNamespace() {
    server.put(
        ResourceType.NAMESPACE,
        "{metadata: {name: vdi-alice-example-com, annotations: {'vdi.kasm.io/user': 'alice-example@com.x'}}}");
    ApiClient.Answer created = api.post(alice, SESSIONS, "{\"template\": \"base\"}");
    assertThat(created.json().get("namespace").getAsString())
        .matches("vdi-alice-example-com-[0-9a-f]{8}");
  }

  @Test
  @DisplayName("users see their own sessions only, and admins see all")
  void visibility() {
    assertThat(api.get(alice, SESSIONS).json().get("total").getAsInt()).isEqualTo(1);
    assertThat(api.get(admin, SESSIONS).json().get("total").getAsInt()).isEqualTo(2);
    assertThat(api.get(admin, SESSIONS + "?user=BOB").json().get("total").getAsInt()).isEqualTo(1);
    assertThat(api.get(admin, SESSIONS + "?own=true").json().get("total").getAsInt()).isZero();
    assertThat(api.get(admin, SESSIONS + "?phase=Failed").json().get("total").getAsInt()).isZero();
    for (String path : List.of(ALICE, ALICE + "/diagnosis", ALICE + "/events")) {
      assertThat(api.get(bob, path).status()).as(path).isEqualTo(404);
    }
    assertThat(api.patch(bob, ALICE, "{\"suspended\": true}").status()).isEqualTo(404);
    assertThat(api.delete(bob, ALICE).status()).isEqualTo(404);
    assertThat(writes()).isEmpty();
    assertThat(api.get(admin, ALICE).json().get("own").getAsBoolean()).isFalse();
  }

  @Test
  @DisplayName("no name leads to another path of the API server")
  void paths() {
    List<FakeApiServer.Request> before = server.requests();
    for (String key :
        List.of(
            "desks/%2e%2e", "desks/a%3Fwatch=1", "desks/a%23", "..%2fx/a", "desks/A", "%20/a")) {
      assertThat(api.get(admin, SESSIONS + "/" + key).status()).as(key).isEqualTo(404);
      assertThat(api.delete(admin, SESSIONS + "/" + key).status()).as(key).isIn(404, 405);
    }
    ApiClient.Answer answer =
        api.post(admin, SESSIONS, "{\"template\": \"base\", \"namespace\": \"a/../b\"}");
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.field()).isEqualTo("namespace");
    assertThat(server.requests().stream().skip(before.size()))
        .noneMatch(request -> request.path().startsWith("/apis/vdi.kasm.io") && !request.isWatch());
  }

  @Test
  @DisplayName("users see the templates that they can use, by the rule of the webhook")
  void templates() {
    assertThat(api.get(alice, "/api/v1/templates").body()).contains("\"art\"", "\"base\"");
    assertThat(api.get(bob, "/api/v1/templates").body()).contains("\"base\"").doesNotContain("art");
    ApiClient.Answer refused = api.post(bob, SESSIONS, "{\"template\": \"art\"}");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.field()).isEqualTo("template");
    ApiClient.Answer missing = api.post(bob, SESSIONS, "{\"template\": \"none\"}");
    assertThat(missing.status()).isEqualTo(422);
    assertThat(missing.detail()).isEqualTo("Template not found: none");
  }

  @Test
  @DisplayName("suspend, resume, extend and delete change the session in the name of the user")
  void change() {
    assertThat(
            api.patch(alice, ALICE, "{\"suspended\": true}").json().get("suspended").getAsBoolean())
        .isTrue();
    assertThat(api.patch(alice, ALICE, "{\"suspended\": true}").status()).isEqualTo(200);
    assertThat(writes()).hasSize(1);
    ApiClient.Answer extended =
        api.patch(alice, ALICE, "{\"suspended\": false, \"extendBy\": \"1h\"}");
    assertThat(extended.json().getAsJsonObject("timers").get("timeout").getAsString())
        .isEqualTo("3h");
    assertThat(api.delete(alice, ALICE + "?home=retain").status()).isEqualTo(200);
    assertThat(writes().stream().map(FakeApiServer.Request::method))
        .containsExactly("PATCH", "PATCH", "PATCH", "DELETE");
    assertThat(writes())
        .allMatch(request -> request.headers().get("Impersonate-User").equals("alice@example.com"));
    assertThat(api.get(alice, ALICE).status()).isEqualTo(404);
  }

  @Test
  @DisplayName("an ETag saves a transfer, and protects against a lost change")
  void etags() {
    ApiClient.Answer first = api.get(alice, ALICE);
    String tag = first.header("ETag").orElseThrow();
    assertThat(api.get(alice, ALICE, "If-None-Match", tag).status()).isEqualTo(304);
    assertThat(api.patch(alice, ALICE, "{\"suspended\": true}", "If-Match", tag).status())
        .isEqualTo(200);
    assertThat(api.patch(alice, ALICE, "{\"suspended\": false}", "If-Match", tag).status())
        .isEqualTo(412);
    assertThat(api.delete(alice, ALICE, "If-Match", "W/\"1.2\"").status()).isEqualTo(412);
    assertThat(api.get(alice, ALICE, "If-None-Match", tag).status()).isEqualTo(200);
    server.rejectOnce(
        request -> request.method().equals("PATCH"),
        409,
        "Conflict",
        "the object has been modified");
    String now = api.get(alice, ALICE).header("ETag").orElseThrow();
    assertThat(api.patch(alice, ALICE, "{\"suspended\": false}", "If-Match", now).status())
        .isEqualTo(412);
  }

  @Test
  @DisplayName("pages follow each other without gaps")
  void pagination() {
    ApiClient.Answer first = api.get(admin, SESSIONS + "?limit=1");
    assertThat(first.json().getAsJsonArray("items")).hasSize(1);
    String next = first.json().get("continue").getAsString();
    ApiClient.Answer second = api.get(admin, SESSIONS + "?limit=1&continue=" + next);
    assertThat(second.body()).contains("bob@example.com");
    assertThat(second.json().has("continue")).isFalse();
    assertThat(api.get(admin, SESSIONS + "?continue=%2F").status()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | 422 | template",
        "{\"template\": \"base\", \"image\": \"x\"} | 422 | image",
        "{\"template\": \"base\", \"resources\": {\"gpus\": 1}} | 422 | resources.gpus",
        "{\"template\": \"base\", \"resources\": {\"gpu\": 1.5}} | 422 | resources.gpu",
        "{\"template\": \"base\", \"resources\": {\"gpu\": 1e99}} | 422 | resources.gpu",
        "{\"template\": \"base\", \"resources\": []} | 422 | resources",
        "{\"template\": \"base\", \"home\": {\"size\": \"much\"}} | 422 | home.size",
        "{\"template\": \"base\", \"home\": {\"reclaimPolicy\": \"Keep\"}} | 422 | home.reclaimPolicy",
        "{\"template\": \"base\", \"timeout\": \"soon\"} | 422 | timeout",
        "{\"template\": 7} | 422 | template",
        "{\"template\": null} | 422 | template",
        "{\"template\": \"base\", \"user\": \"bob@example.com\"} | 403 | user",
        "{\"template\": \"base\", \"namespace\": \"kube-system\"} | 403 | namespace",
        "[] | 400 | ",
        "{\"template\": \"base\" | 400 | ",
        "{template: base} | 400 | ",
        "{} {} | 400 | ",
      })
  void badBodies(String body, int status, String field) {
    ApiClient.Answer answer = api.post(alice, SESSIONS, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.field()).isEqualTo(field == null ? "" : field);
    assertThat(answer.header("Content-Type")).contains("application/problem+json");
    assertThat(writes()).isEmpty();
  }

  @Test
  @DisplayName("size, media type, method, path and parameters are checked")
  void badRequests() {
    assertThat(api.post(alice, SESSIONS, " ".repeat(16 * 1024 + 1)).status()).isEqualTo(413);
    assertThat(
            api.send("POST", alice, SESSIONS, "template=base", "Content-Type", "text/plain")
                .status())
        .isEqualTo(415);
    ApiClient.Answer put = api.send("PUT", alice, ALICE, "{}", "Content-Type", "application/json");
    assertThat(put.status()).isEqualTo(405);
    assertThat(put.header("Allow")).contains("DELETE, GET, HEAD, PATCH");
    ApiClient.Answer head = api.send("HEAD", alice, ALICE, "");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.header("Content-Length")).isNotEqualTo("0");
    assertThat(head.header("ETag")).isEqualTo(api.get(alice, ALICE).header("ETag"));
    assertThat(api.send("HEAD", alice, ALICE + "/events", "").status()).isEqualTo(405);
    assertThat(api.get(alice, "/api/v1/nothing").status()).isEqualTo(404);
    assertThat(api.get(alice, "/api/v1/nothing").header("Content-Type"))
        .contains("application/problem+json");
    assertThat(api.get(alice, SESSIONS + "?limit=501").field()).isEqualTo("limit");
    assertThat(api.get(alice, SESSIONS + "?limits=5").field()).isEqualTo("limits");
    assertThat(api.get(alice, SESSIONS + "?limit=5&limit=6").field()).isEqualTo("limit");
    assertThat(api.get(alice, SESSIONS + "?phase=Dead").field()).isEqualTo("phase");
    assertThat(api.delete(alice, ALICE + "?home=burn").status()).isEqualTo(400);
    assertThat(api.patch(alice, ALICE, "{\"timeout\": \"1h\", \"extendBy\": \"1h\"}").field())
        .isEqualTo("extendBy");
  }

  @Test
  @DisplayName("the refusal of RBAC reaches the user in the server's words")
  void rbac() {
    String words =
        "vdisessions.vdi.kasm.io \"alice\" is forbidden: User \"alice@example.com\" cannot patch"
            + " resource \"vdisessions\"";
    server.reject(request -> request.method().equals("PATCH"), 403, "Forbidden", words);
    ApiClient.Answer answer = api.patch(alice, ALICE, "{\"suspended\": true}");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.detail()).isEqualTo(words);
  }

  @Test
  @DisplayName("a resume that an overloaded webhook cannot decide is tried again")
  void overload() {
    server.rejectOnce(
        request -> request.method().equals("PATCH"),
        503,
        "ServiceUnavailable",
        "admission webhook \"validate.vdi.kasm.io\" denied the request: cannot be decided now, try"
            + " again");
    assertThat(api.patch(alice, ALICE, "{\"suspended\": true}").status()).isEqualTo(200);
    server.reject(
        request -> request.method().equals("PATCH"),
        500,
        "InternalError",
        "failed calling webhook");
    assertThat(api.patch(alice, ALICE, "{\"suspended\": false}").status()).isEqualTo(503);
    server.respondNormally();
    TestGate.serveCrds(server);
    assertThat(api.patch(alice, ALICE, "{\"suspended\": false}").status()).isEqualTo(200);
  }

  @Test
  @DisplayName("a violation of the webhook names the field of the request")
  void webhook() {
    server.reject(
        request -> request.method().equals("POST") && request.path().contains("vdisessions"),
        422,
        "Invalid",
        "admission webhook \"validate.vdi.kasm.io\" denied the request: spec.persistence.size 9Ti: is"
            + " more than template base allows");
    ApiClient.Answer answer =
        api.post(alice, SESSIONS, "{\"template\": \"base\", \"home\": {\"size\": \"9Ti\"}}");
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.field()).isEqualTo("home.size");
    assertThat(answer.detail()).startsWith("spec.persistence.size 9Ti");
  }

  @Test
  @DisplayName("if the gate itself is refused, the user is not told that it is the user")
  void gateWithoutPermission() {
    server.reject(
        request -> request.method().equals("PATCH"),
        403,
        "Forbidden",
        "users \"alice@example.com\" is forbidden: User \"system:serviceaccount:vdi:vdi-gate\" cannot"
            + " impersonate resource \"users\" in API group \"\" at the cluster scope");
    ApiClient.Answer answer = api.patch(alice, ALICE, "{\"suspended\": true}");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.body()).doesNotContain("serviceaccount");
    assertThat(answer.header("Retry-After")).isPresent();
  }

  @Test
  @DisplayName("nobody becomes a user or group of Kubernetes")
  void system() {
    String masters = ApiClient.token(provider, "alice@example.com", "system:masters");
    ApiClient.Answer answer = api.patch(masters, ALICE, "{\"suspended\": true}");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.detail()).contains("system:masters");
    String node = ApiClient.token(provider, "system:node@x.y", "admins");
    assertThat(api.patch(node, ALICE, "{\"suspended\": true}").status()).isEqualTo(403);
    assertThat(writes()).isEmpty();
  }

  @Test
  @DisplayName("only valid tokens of the provider for this audience are accepted")
  void tokens() {
    JWTClaimsSet right = ApiClient.claims(provider, "alice@example.com").build();
    Instant past = Instant.now().minusSeconds(120);
    List<String> wrong =
        List.of(
            "x",
            provider.sign(new JWTClaimsSet.Builder(right).audience("other").build()),
            provider.sign(new JWTClaimsSet.Builder(right).issuer("https://other").build()),
            provider.sign(new JWTClaimsSet.Builder(right).expirationTime(Date.from(past)).build()),
            provider.sign(new JWTClaimsSet.Builder(right).expirationTime(null).build()),
            provider.sign(new JWTClaimsSet.Builder(right).claim("email_verified", false).build()),
            provider.sign(new JWTClaimsSet.Builder(right).claim("events", Map.of()).build()),
            TestProvider.sign(right, TestProvider.newKey("other")));
    for (String token : wrong) {
      ApiClient.Answer answer = api.get(token, "/api/v1/me");
      assertThat(answer.status()).as(answer.body()).isEqualTo(401);
      assertThat(answer.header("WWW-Authenticate").orElseThrow())
          .isEqualTo("Bearer realm=\"vdi\", error=\"invalid_token\"");
    }
    assertThat(api.get("", "/api/v1/me").header("WWW-Authenticate"))
        .contains("Bearer realm=\"vdi\"");
    assertThat(api.get(alice, "/api/v1/me").json().get("namespace").getAsString())
        .isEqualTo("vdi-alice-example-com");
  }

  @Test
  @DisplayName("a logout at the provider ends its tokens")
  void logout() {
    String token =
        provider.sign(
            ApiClient.claims(provider, "alice@example.com").claim("sid", "session-9").build());
    assertThat(api.get(token, "/api/v1/me").status()).isEqualTo(200);
    try (TestGate.Browser browser = gate.new Browser()) {
      assertThat(
              browser
                  .post(
                      "/backchannel-logout",
                      Map.of(
                          "logout_token",
                          provider.sign(provider.logoutClaims("session-9").build())))
                  .status())
          .isEqualTo(200);
    }
    assertThat(api.get(token, "/api/v1/me").status()).isEqualTo(401);
  }

  @Test
  @DisplayName("with the cookie of the portal, unsafe methods need the Origin of the portal")
  void cookie() {
    try (TestGate.Browser browser = gate.new Browser()) {
      browser.signIn(provider, "/signin?to=/");
      String cookie =
          "__Host-vdi-signin=" + browser.cookies("portal.example.com").get("__Host-vdi-signin");
      assertThat(api.get("", "/api/v1/me", "Cookie", cookie).json().get("email").getAsString())
          .isEqualTo("alice@example.com");
      assertThat(api.patch("", ALICE, "{\"suspended\": true}", "Cookie", cookie).status())
          .isEqualTo(403);
      for (String origin : List.of("https://bob.example.com", "null")) {
        assertThat(
                api.patch("", ALICE, "{\"suspended\": true}", "Cookie", cookie, "Origin", origin)
                    .status())
            .isEqualTo(403);
      }
      assertThat(
              api.get("", "/api/v1/me", "Cookie", cookie, "Sec-Fetch-Site", "same-site").status())
          .isEqualTo(403);
      assertThat(writes()).isEmpty();
      assertThat(
              api.patch(
                      "",
                      ALICE,
                      "{\"suspended\": true}",
                      "Cookie",
                      cookie,
                      "Origin",
                      TestGate.PORTAL,
                      "Sec-Fetch-Site",
                      "same-origin")
                  .status())
          .isEqualTo(200);
      assertThat(
              api.send("POST", "", "/api/v1/%2e%2e/%2e%2e/signout", "", "Cookie", cookie).status())
          .isNotEqualTo(303);
    }
  }

  @Test
  @DisplayName("a user who sends too many requests waits, and others do not")
  void tooManyRequests() throws Exception {
    try (TestGate strict =
            new TestGate(
                server, provider.issuer(), Map.of("vdiConfig_GATE_API_REQUESTS_PER_SECOND", "1"));
        ApiClient client = new ApiClient(strict.portalPort())) {
      List<ApiClient.Answer> answers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        answers.add(client.get(bob, SESSIONS));
      }
      assertThat(answers.getLast().status()).isEqualTo(429);
      assertThat(answers.getLast().header("Retry-After")).contains("1");
      assertThat(client.get(alice, SESSIONS).status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("a stream has the session now, after each change, and its end")
  void events() throws Exception {
    try (Response response = api.open(alice, ALICE + "/events")) {
      assertThat(response.header("Content-Type")).isEqualTo("text/event-stream");
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(response.body().byteStream(), StandardCharsets.UTF_8));
      assertThat(nextData(lines)).contains("\"phase\":\"Running\"");
      api.patch(alice, ALICE, "{\"suspended\": true}");
      assertThat(nextData(lines)).contains("\"suspended\":true");
      server.remove(ResourceType.SESSION, "desks", "alice");
      assertThat(nextEvent(lines)).isEqualTo("event: end");
    }
  }

  @Test
  @DisplayName("a stream that its client has closed gives its place back")
  void closedStreams() throws Exception {
    try (TestGate strict =
            new TestGate(server, provider.issuer(), Map.of("vdiConfig_GATE_API_STREAMS", "1"));
        ApiClient client = new ApiClient(strict.portalPort())) {
      await().until(() -> client.get(alice, ALICE).status() == 200);
      try (Response first = client.open(alice, ALICE + "/events")) {
        assertThat(first.code()).isEqualTo(200);
        try (Response second = client.open(alice, ALICE + "/events")) {
          assertThat(second.code()).isEqualTo(429);
        }
      }
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(500))
          .until(() -> {
            try (Response next = client.open(alice, ALICE + "/events")) {
              return next.code() == 200;
            }
          });
    }
  }

  private static String nextData(BufferedReader lines) throws Exception {
    return next(lines, "data: ");
  }

  private static String nextEvent(BufferedReader lines) throws Exception {
    return next(lines, "event: end");
  }

  private static String next(BufferedReader lines, String prefix) throws Exception {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith(prefix)) {
        return line;
      }
    }
    throw new AssertionError("the stream ended before " + prefix);
  }

  @Test
  @DisplayName("a retained home is deleted in the name of its owner, and one in use is not")
  void homes() {
    home("alice", "alice@example.com");
    home("former", "alice@example.com");
    home("other", "bob@example.com");
    await().until(() -> api.get(admin, "/api/v1/homes").json().getAsJsonArray("items").size() == 3);
    assertThat(api.get(alice, "/api/v1/homes").json().getAsJsonArray("items")).hasSize(2);
    assertThat(api.delete(alice, "/api/v1/homes/desks/alice").status()).isEqualTo(409);
    assertThat(api.delete(alice, "/api/v1/homes/desks/other").status()).isEqualTo(404);
    assertThat(api.delete(alice, "/api/v1/homes/desks/former").status()).isEqualTo(200);
    assertThat(
            server
                .requests(request -> request.method().equals("DELETE"))
                .getLast()
                .headers()
                .get("Impersonate-User"))
        .isEqualTo("alice@example.com");
    assertThat(api.get(alice, "/api/v1/homes").body()).doesNotContain("former");
  }

  private void home(String session, String user) {
    server.put(
        ResourceType.PERSISTENT_VOLUME_CLAIM,
        """
        {metadata: {name: vdi-data-%1$s, namespace: desks, uid: 'home-%1$s',
           labels: {'app.kubernetes.io/managed-by': vdi-operator, 'app.kubernetes.io/instance': %1$s},
           annotations: {'vdi.kasm.io/user': '%2$s', 'vdi.kasm.io/released-at': '2026-01-01T00:00:00Z'}},
         spec: {resources: {requests: {storage: 10Gi}}}}
        """
            .formatted(session, user));
  }
}
