package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import io.vdi.operator.gate.signin.TestProvider;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The whole gate over HTTP: two replicas, a fake API server and a fake provider. */
class GateTest {
  private static final String ALICE = "alice.example.com";
  private static final String BOB = "bob.example.com";

  private final FakeApiServer server = TestGate.apiServer();
  private final TestProvider provider = TestProvider.start();
  private TestGate gate;
  private TestGate other;
  private Browser browser;

  @BeforeEach
  void start() throws Exception {
    TestGate.session(server, "alice", "uid-alice");
    TestGate.session(server, "bob", "uid-bob");
    gate = new TestGate(server, provider.issuer(), Map.of());
    other = new TestGate(server, provider.issuer(), Map.of());
    browser = gate.new Browser();
  }

  @AfterEach
  void stop() {
    browser.close();
    gate.close();
    other.close();
    provider.close();
    server.close();
  }

  @Test
  @DisplayName("a page without a cookie leads over sign-in and ticket back to the desktop")
  void wholeWay() {
    Answer opened = browser.open(provider, ALICE);
    assertThat(opened.status()).isEqualTo(303);
    assertThat(opened.location()).isEqualTo("/");
    browser.cookies(ALICE).put("selkies", "kept");
    Answer page = browser.navigate(ALICE, "/");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Authorization")).contains(basic("ubuntu:alice"));
    assertThat(page.header("Cookie")).contains("selkies=kept");
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(200);
    assertThat(browser.portal("/").body()).contains("alice@example.com");
  }

  @Test
  @DisplayName("a cookie of one replica is valid at the other")
  void replicas() {
    browser.open(provider, ALICE);
    try (Browser moved = other.new Browser()) {
      moved.cookies(ALICE).putAll(browser.cookies(ALICE));
      assertThat(moved.webSocket(ALICE).status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("alice cannot open bob's desktop, and her cookie is useless there")
  void otherDesktop() {
    browser.open(provider, ALICE);
    String open = TestGate.path(browser.navigate(BOB, "/").location());
    Answer refused = browser.portal(open);
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.body()).contains("belongs to somebody else");
    browser.cookies(BOB).putAll(browser.cookies(ALICE));
    assertThat(browser.webSocket(BOB).status()).isEqualTo(401);
    assertThat(browser.navigate(BOB, "/").header("Authorization")).isEmpty();
  }

  @Test
  @DisplayName("an admin cannot open the desktop of another user by default")
  void admins() {
    provider.idToken(claims -> provider.sign(claims.claim("email", "root@example.com").build()));
    String open = TestGate.path(browser.navigate(ALICE, "/").location());
    String back = browser.signIn(provider, browser.portal(open).location()).location();
    assertThat(browser.portal(back).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("a ticket opens once, in one browser, on one host")
  void tickets() {
    String open = TestGate.path(browser.navigate(ALICE, "/").location());
    String back = browser.signIn(provider, browser.portal(open).location()).location();
    String ticket = TestGate.path(browser.portal(back).location());
    try (Browser thief = gate.new Browser()) {
      assertThat(thief.navigate(ALICE, ticket).status()).isEqualTo(403);
      thief.navigate(ALICE, "/");
      assertThat(thief.navigate(ALICE, ticket).status()).isEqualTo(403);
    }
    browser.cookies(BOB).putAll(browser.cookies(ALICE));
    assertThat(browser.navigate(BOB, ticket).status()).isEqualTo(403);
    assertThat(browser.navigate(ALICE, ticket + "x").status()).isEqualTo(403);
    assertThat(browser.navigate(ALICE, ticket).status()).isEqualTo(303);
    Answer again = browser.navigate(ALICE, ticket);
    assertThat(again.status()).isEqualTo(403);
    assertThat(again.body()).contains("used before");
    assertThat(browser.desktop(ALICE, ticket).status()).isEqualTo(404);
  }

  @Test
  @DisplayName("a session that was deleted and made again needs a new ticket")
  void newSession() {
    browser.open(provider, ALICE);
    TestGate.session(server, "alice", "uid-alice-2");
    await().until(() -> browser.webSocket(ALICE).status() == 401);
    server.remove(ResourceType.SESSION, "desks", "alice");
    await().until(() -> browser.navigate(ALICE, "/").status() == 404);
  }

  @Test
  @DisplayName("a sign-out ends the sign-in and its desktops on all replicas, also at the provider")
  void signOut() {
    browser.open(provider, ALICE);
    Map<String, String> stolen = Map.copyOf(browser.cookies(ALICE));
    Map<String, String> portal = Map.copyOf(browser.cookies("portal.example.com"));
    Answer out = browser.post("/signout", Map.of(), "Origin", TestGate.PORTAL);
    assertThat(out.status()).isEqualTo(303);
    assertThat(out.location())
        .startsWith(provider.issuer() + "/logout?")
        .contains("id_token_hint=");
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(401);
    assertThat(browser.cookies("portal.example.com")).isEmpty();
    try (Browser thief = other.new Browser()) {
      thief.cookies(ALICE).putAll(stolen);
      thief.cookies("portal.example.com").putAll(portal);
      await().atMost(Duration.ofSeconds(2)).until(() -> thief.webSocket(ALICE).status() == 401);
      assertThat(thief.portal("/").body()).contains("not signed in");
    }
  }

  @Test
  @DisplayName("a logout of the provider ends the sign-in; rubbish does not")
  void backChannel() {
    browser.open(provider, ALICE);
    assertThat(browser.post("/backchannel-logout", Map.of("logout_token", "x")).status())
        .isEqualTo(400);
    assertThat(browser.post("/backchannel-logout", Map.of()).status()).isEqualTo(400);
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(200);
    JWTClaimsSet logout = provider.logoutClaims("session-1").build();
    Answer answer =
        browser.post("/backchannel-logout", Map.of("logout_token", provider.sign(logout)));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(401);
    assertThat(browser.portal("/").body()).contains("not signed in");
  }

  @Test
  @DisplayName("a sign-out that cannot be stored is not reported as done")
  void signOutFails() {
    browser.open(provider, ALICE);
    server.reject(request -> request.method().equals("POST"), 500, "InternalError", "no");
    server.reject(request -> request.method().equals("PUT"), 500, "InternalError", "no");
    assertThat(browser.post("/signout", Map.of(), "Origin", TestGate.PORTAL).status())
        .isEqualTo(503);
    server.respondNormally();
    assertThat(browser.portal("/").body()).contains("alice@example.com");
  }

  @Test
  @DisplayName("another site cannot sign a user out")
  void crossSiteRequestForgery() {
    browser.open(provider, ALICE);
    for (String origin : List.of("https://alice.example.com", "null", "https://evil.example")) {
      assertThat(browser.post("/signout", Map.of(), "Origin", origin).status()).isEqualTo(403);
    }
    assertThat(browser.post("/signout", Map.of()).status()).isEqualTo(403);
    assertThat(
            browser
                .post(
                    "/signout", Map.of(), "Origin", TestGate.PORTAL, "Sec-Fetch-Site", "same-site")
                .status())
        .isEqualTo(403);
    assertThat(browser.portal("/signout").status()).isIn(404, 405);
    assertThat(browser.portal("/").body()).contains("alice@example.com");
  }

  @Test
  @DisplayName("a sign-in that another browser has begun, or a wrong state, is refused")
  void state() {
    Answer begin = browser.portal("/signin");
    Map<String, String> query = TestGate.query(TestGate.path(begin.location()).substring(6));
    provider.nonce(query.get("nonce"));
    try (Browser victim = gate.new Browser()) {
      assertThat(victim.portal("/signin/callback?code=c&state=" + query.get("state")).status())
          .isEqualTo(400);
      victim.portal("/signin");
      assertThat(victim.portal("/signin/callback?code=c&state=" + query.get("state")).status())
          .isEqualTo(400);
    }
    assertThat(browser.portal("/signin/callback?code=c&state=x").status()).isEqualTo(400);
    assertThat(browser.portal("/signin/callback?code=c").status()).isEqualTo(400);
    assertThat(browser.portal("/signin/callback?error=x&state=" + query.get("state")).status())
        .isEqualTo(403);
  }

  @Test
  @DisplayName("no redirect leads to another host, whatever target, to or Host say")
  void openRedirects() {
    for (String to : List.of("//evil.example", "https://evil.example", "/%5Cevil.example")) {
      String location = browser.signIn(provider, "/signin?to=" + to).location();
      assertThat(location).isEqualTo("/");
    }
    String nonce = "n".repeat(43);
    for (String target :
        List.of(
            "https://evil.example/",
            "https://alice.example.com@evil.example/",
            "https://alice.example.com.evil.example/",
            "http://alice.example.com/",
            "https://alice.example.com:444/",
            "javascript:alert(1)",
            "//alice.example.com/",
            "")) {
      Answer answer = browser.portal("/open?nonce=" + nonce + "&target=" + encode(target));
      assertThat(answer.status()).as(target).isIn(400, 404);
      assertThat(answer.header("Location")).isEmpty();
    }
    assertThat(browser.portal("/signin", "Host", "evil.example").location())
        .doesNotContain("evil.example");
    assertThat(
            browser
                .desktop(
                    ALICE,
                    "/",
                    "Host",
                    "evil.example",
                    "Sec-Fetch-Mode",
                    "navigate",
                    "Sec-Fetch-Dest",
                    "document")
                .location())
        .startsWith(TestGate.PORTAL + "/open?");
  }

  @Test
  @DisplayName("addresses with line ends do not split a response")
  void responseSplitting() {
    Answer answer = browser.portal("/signin?to=/%0d%0aSet-Cookie:%20a=b");
    assertThat(answer.headers().get("set-cookie")).hasSize(1);
    Answer refused =
        browser.portal("/open?nonce=" + "n".repeat(43) + "&target=" + encode("https://x/\r\nA: b"));
    assertThat(refused.status()).isEqualTo(400);
  }

  @Test
  @DisplayName("every page forbids frames, scripts and foreign content")
  void policies() {
    for (String path : List.of("/", "/signed-out", "/nothing", "/open", "/signin/callback")) {
      Answer page = browser.portal(path);
      assertThat(page.header("Content-Security-Policy").orElseThrow())
          .contains("default-src 'none'", "frame-ancestors 'none'", "script-src 'none'")
          .doesNotContain("unsafe");
      assertThat(page.header("X-Frame-Options")).contains("DENY");
      assertThat(page.header("X-Content-Type-Options")).contains("nosniff");
      assertThat(page.header("Strict-Transport-Security")).isPresent();
      assertThat(page.header("Referrer-Policy")).contains("no-referrer");
    }
    assertThat(browser.webSocket(ALICE).header("Content-Security-Policy").orElseThrow())
        .contains("frame-ancestors 'none'");
  }

  @Test
  @DisplayName("a second cookie of the same name, as a sibling can toss it, is not accepted")
  void cookieTossing() {
    browser.open(provider, ALICE);
    String pass = browser.cookies(ALICE).get("__Host-vdi-desktop");
    Answer answer =
        browser.desktop(
            ALICE,
            "/api/websockets",
            "Sec-WebSocket-Key",
            "x",
            "Origin",
            "https://" + ALICE,
            "Cookie",
            "__Host-vdi-desktop=" + pass);
    assertThat(answer.status()).isEqualTo(401);
  }

  @Test
  @DisplayName("oversize headers are refused before anything is decided")
  void oversize() {
    assertThat(browser.portal("/", "X-Large", "x".repeat(40_000)).status()).isIn(400, 413, 431);
    assertThat(browser.portal("/" + "x".repeat(20_000)).status()).isIn(400, 414);
    browser.cookies(ALICE).put("__Host-vdi-desktop", "x".repeat(20_000));
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(401);
  }

  @Test
  @DisplayName("what the router must send is required exactly once")
  void routerHeaders() {
    assertThat(browser.desktop(ALICE, "/", "X-Forwarded-Host", BOB).status()).isEqualTo(400);
    assertThat(browser.desktop(ALICE, "/", "X-Forwarded-Uri", "/x").status()).isEqualTo(400);
    assertThat(browser.navigate("unknown.example.com", "/").status()).isEqualTo(404);
    assertThat(browser.navigate("al ice", "/").status()).isEqualTo(400);
  }

  @Test
  @DisplayName("forward-auth is not served on the portal's port")
  void separatePorts() {
    assertThat(browser.portal("/forward-auth").status()).isEqualTo(404);
  }

  @Test
  @DisplayName("without the password of a desktop, or with somebody else's Secret, it is 503")
  void noPassword() {
    browser.open(provider, ALICE);
    server.put(
        ResourceType.SECRET,
        "{metadata: {name: vdi-auth-alice, namespace: desks}, data: {password: 'eA=='}}");
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(503);
    server.remove(ResourceType.SECRET, "desks", "vdi-auth-alice");
    assertThat(browser.webSocket(ALICE).status()).isEqualTo(503);
  }

  @Test
  @DisplayName("without a provider nobody signs in, and the page says so")
  void noProvider() throws Exception {
    try (TestGate closed = new TestGate(server, "", Map.of("vdiConfig_GATE_OIDC_CLIENT_ID", ""));
        Browser visitor = closed.new Browser()) {
      Answer page = visitor.portal("/signin");
      assertThat(page.status()).isEqualTo(503);
      assertThat(page.body()).contains("Nobody can sign in at present");
    }
  }

  @Test
  @DisplayName("an unverified e-mail does not sign in")
  void unverified() {
    provider.idToken(claims -> provider.sign(claims.claim("email_verified", false).build()));
    Answer answer = browser.signIn(provider, "/signin");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).contains("has not verified the address alice@example.com");
    assertThat(browser.cookies("portal.example.com")).isEmpty();
  }

  @Test
  @DisplayName("a user with very many groups gets a reason, not a broken sign-in")
  void manyGroups() {
    List<String> groups = IntStream.range(0, 300).mapToObj(i -> "g" + i).toList();
    provider.idToken(claims ->
        provider.sign(
            claims.claim("groups", groups.stream().map(g -> g + g + g + g).toList()).build()));
    Answer answer = browser.signIn(provider, "/signin");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).contains("gate.oidc.groups");
  }

  @Test
  @DisplayName("the public keys are published, and no private one")
  void publicKeys() {
    Answer answer = browser.portal("/.well-known/jwks.json");
    assertThat(answer.body()).contains("\"crv\":\"P-256\"").doesNotContain("\"d\"");
  }

  private static String basic(String pair) {
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
