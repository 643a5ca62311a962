package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.Main;
import io.vdi.operator.cli.TestConsole;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.devcluster.addons.Keycloak;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.testing.KeycloakForms;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sign-in and logout with a real Keycloak, its forms and its back channel; {@code kubectl vdi
 * login}.
 */
class SignInIT {
  private static final String ALICE = "alice.example.com";

  /** In what {@code kubectl vdi login} prints, and in the last form of Keycloak. */
  private static final Pattern ADDRESS = Pattern.compile("Or open (\\S+)");

  private static final Pattern CODE = Pattern.compile("name=\"code\" value=\"([^\"]+)\"");

  @TempDir private static Path folder;

  private static FakeApiServer server;
  private static Keycloak keycloak;
  private static TestGate gate;
  private static String portal;

  @BeforeAll
  static void start() throws Exception {
    int port = LoopbackPorts.free(1).getFirst();
    portal = "http://127.0.0.1:" + port;
    keycloak = Keycloak.start(folder, URI.create(portal));
    server = TestGate.apiServer();
    TestGate.session(server, "alice", "uid-alice");
    Files.writeString(folder.resolve("secret"), keycloak.gateSecret() + "\n");
    gate = gate("vdiConfig_GATE_PORT", String.valueOf(port));
  }

  /** A gate at the address to which Keycloak redirects, with one more setting. */
  private static TestGate gate(String setting, String value) throws Exception {
    return new TestGate(
        server,
        keycloak.issuer(),
        Map.of(
            "vdiConfig_GATE_PUBLIC_URL",
            portal,
            "vdiConfig_GATE_OIDC_CLIENT_SECRET_FILE",
            folder.resolve("secret").toString(),
            "vdiConfig_GATE_OIDC_CLIENT_ID",
            Keycloak.GATE,
            "vdiConfig_IDENTITY_ADMIN_GROUPS",
            "vdi-admins",
            // The first sign-in at a new Keycloak takes long on a busy machine.
            "vdiConfig_GATE_OIDC_TIMEOUT",
            "30s",
            setting,
            value));
  }

  @AfterAll
  static void stop() throws Exception {
    if (gate != null) {
      gate.close();
    }
    if (server != null) {
      server.close();
    }
    if (keycloak != null) {
      keycloak.close();
    }
  }

  @Test
  @DisplayName("alice signs in at Keycloak and reaches her desktop; bob does not")
  void desktop() throws Exception {
    try (Person alice = new Person("alice");
        Person bob = new Person("bob")) {
      Answer opened = alice.open();
      assertThat(opened.status()).isEqualTo(303);
      assertThat(alice.browser.webSocket(ALICE).status()).isEqualTo(200);
      Answer refused = bob.openAtPortal();
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.body()).contains("You are signed in as bob@example.com");
    }
  }

  @Test
  @DisplayName("an e-mail that Keycloak has not verified does not sign in")
  void unverified() throws Exception {
    try (Person mallory = new Person("mallory")) {
      Answer refused = mallory.signIn("/signin");
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.body()).contains("has not verified the address mallory@example.com");
    }
  }

  @Test
  @DisplayName("a claim that the ID token lacks is asked for at Keycloak's userinfo endpoint")
  void userInfo() throws Exception {
    try (TestGate asking = gate("vdiConfig_GATE_OIDC_GROUPS_CLAIM", "no-such-claim");
        Person alice = new Person("alice", asking)) {
      assertThat(alice.open().status()).isEqualTo(303);
      assertThat(alice.browser.webSocket(ALICE).status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName(
      "a template for a group of Keycloak opens for its members, and closes when it changes")
  void groups() throws Exception {
    template("allowedGroups: [artists]");
    try (Person alice = new Person("alice")) {
      alice.open();
      assertThat(alice.browser.webSocket(ALICE).status()).isEqualTo(200);
      template("allowedGroups: [vdi-admins]");
      await().until(() -> alice.browser.webSocket(ALICE).status() == 403);
      assertThat(alice.browser.portalFrom(ALICE, "/").status()).isEqualTo(403);
    } finally {
      server.remove(ResourceType.TEMPLATE, "", "base");
    }
  }

  private static void template(String spec) {
    server.put(
        ResourceType.TEMPLATE, "{metadata: {name: base}, spec: {image: x, %s}}".formatted(spec));
  }

  @Test
  @DisplayName("a sign-out at the gate ends the session at Keycloak: the next sign-in asks again")
  void signOut() throws Exception {
    try (Person alice = new Person("alice")) {
      alice.open();
      Answer out = alice.browser.post("/signout", Map.of(), "Origin", portal);
      assertThat(out.status()).isEqualTo(303);
      HttpResponse<String> atKeycloak = alice.get(out.location());
      assertThat(atKeycloak.headers().firstValue("Location")).contains(portal + "/signed-out");
      assertThat(alice.browser.webSocket(ALICE).status()).isEqualTo(401);
      assertThat(alice.get(alice.browser.portal("/signin").location()).body())
          .containsPattern(KeycloakForms.FORM);
    }
  }

  @Test
  @DisplayName("a logout at Keycloak reaches the gate by the back channel")
  void backChannel() throws Exception {
    try (Person alice = new Person("alice")) {
      alice.open();
      String idToken = alice.browser.cookies("portal.example.com").get("__Host-vdi-idtoken");
      alice.get(keycloak.issuer() + "/protocol/openid-connect/logout?id_token_hint=" + idToken);
      await().until(() -> alice.browser.webSocket(ALICE).status() == 401);
      assertThat(alice.browser.portal("/").body()).contains("not signed in");
    }
  }

  @Test
  @DisplayName("alice confirms the code, kubectl gets a token that is renewed, and signs out")
  void login() throws Exception {
    Map<String, String> environment = Map.of("HOME", folder.toString());
    TestConsole console = new TestConsole(0, false, environment);
    CompletableFuture<Integer> login =
        CompletableFuture.supplyAsync(
            () -> Main.run(console.console(), "login", "--issuer", keycloak.issuer()));
    await().until(() -> ADDRESS.matcher(console.err()).find() || login.isDone());
    Matcher address = ADDRESS.matcher(console.err());
    assertThat(address.find()).as(console.err()).isTrue();
    confirm(address.group(1));
    assertThat(login.get()).as(console.err()).isZero();
    assertThat(console.out()).contains("Signed in as alice@example.com");

    TestConsole plugin = new TestConsole(0, false, environment);
    assertThat(
            Main.run(plugin.console(), "login", "--exec-credential", "--issuer", keycloak.issuer()))
        .isZero();
    JsonObject credential = JsonParser.parseString(plugin.out()).getAsJsonObject();
    assertThat(credential.getAsJsonObject("status").get("token").getAsString()).startsWith("ey");

    TestConsole out = new TestConsole(0, false, environment);
    assertThat(Main.run(out.console(), "logout", "--issuer", keycloak.issuer())).isZero();
    assertThat(out.out()).contains("Signed out alice@example.com");
    assertThat(out.err()).isEmpty();
  }

  /** The page of the code leads to the sign-in, and that to the question whether to allow it. */
  private static void confirm(String address) throws IOException, InterruptedException {
    try (KeycloakForms forms = new KeycloakForms()) {
      HttpResponse<String> signIn = follow(forms, forms.get(URI.create(address)));
      Map<String, String> alice =
          Map.of("username", "alice", "password", keycloak.password(), "credentialId", "");
      HttpResponse<String> question = follow(forms, forms.submit(signIn, alice));
      Matcher code = CODE.matcher(question.body());
      assertThat(code.find()).as(question.body()).isTrue();
      Map<String, String> yes = Map.of("accept", "Yes", "code", code.group(1));
      assertThat(follow(forms, forms.submit(question, yes)).body())
          .contains("Device Login Successful");
    }
  }

  private static HttpResponse<String> follow(KeycloakForms forms, HttpResponse<String> answer)
      throws IOException, InterruptedException {
    return answer.statusCode() / 100 == 3
        ? follow(
            forms,
            forms.get(answer.uri().resolve(answer.headers().firstValue("Location").orElseThrow())))
        : answer;
  }

  /** A person with a browser: {@link Browser} for the gate, and a client for Keycloak. */
  private static final class Person implements AutoCloseable {
    private final String name;
    private final Browser browser;
    private final KeycloakForms forms = new KeycloakForms();

    Person(String name) {
      this(name, gate);
    }

    Person(String name, TestGate at) {
      this.name = name;
      this.browser = at.new Browser();
    }

    /** The whole way to the desktop of alice. */
    Answer open() throws IOException, InterruptedException {
      Answer ticket = openAtPortal();
      assertThat(ticket.status()).as(ticket.body()).isEqualTo(303);
      return browser.take(ALICE, ticket);
    }

    /** Up to the portal's answer to /open. */
    Answer openAtPortal() throws IOException, InterruptedException {
      Answer back = signIn(browser.portalFrom(ALICE, "/").location());
      assertThat(back.status()).as(back.body()).isEqualTo(303);
      return browser.portal(back.location());
    }

    /** Fills in the form of Keycloak and returns the answer of the gate's callback. */
    Answer signIn(String path) throws IOException, InterruptedException {
      HttpResponse<String> page = get(browser.portal(path).location());
      HttpResponse<String> answer =
          forms.submit(page, Map.of("username", name, "password", keycloak.password()));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(302);
      String callback = answer.headers().firstValue("Location").orElseThrow();
      assertThat(callback).startsWith(portal + "/signin/callback?");
      return browser.portal(TestGate.path(callback));
    }

    HttpResponse<String> get(String url) throws IOException, InterruptedException {
      return forms.get(URI.create(url));
    }

    @Override
    public void close() {
      browser.close();
      forms.close();
    }
  }
}
