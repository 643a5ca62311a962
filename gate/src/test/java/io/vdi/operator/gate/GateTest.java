package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import io.vdi.operator.gate.audit.AuditLog;
import io.vdi.operator.gate.signin.TestProvider;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The whole gate over HTTP: two replicas, a fake API server and a fake provider. */
class GateTest {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private static FakeApiServer server;
  private static TestProvider provider;
  private static TestGate gate;
  private static TestGate other;

  /** The desktops of this test: alice and bob are the same users in each. */
  private final String number = String.valueOf(COUNT.incrementAndGet());

  private final String aliceName = "alice" + number;
  private final String bobName = "bob" + number;
  private final String alice = aliceName + ".example.com";
  private final String bob = bobName + ".example.com";
  private Browser browser;

  @BeforeAll
  static void startAll() throws Exception {
    server = TestGate.apiServer();
    provider = TestProvider.start();
    gate = new TestGate(server, provider.issuer(), Map.of());
    other = new TestGate(server, provider.issuer(), Map.of());
  }

  @AfterAll
  static void stopAll() {
    gate.close();
    other.close();
    provider.close();
    server.close();
  }

  @BeforeEach
  void start() {
    TestGate.serveCrds(server);
    provider.reset("session-" + number);
    server.put(
        ResourceType.TEMPLATE, "{metadata: {name: t%s}, spec: {image: x}}".formatted(number));
    TestGate.session(server, aliceName, "uid-alice-" + number, "alice", "t" + number);
    TestGate.session(server, bobName, "uid-bob-" + number, "bob", "t" + number);
    for (TestGate replica : List.of(gate, other)) {
      replica.awaitDesktop(alice);
      replica.awaitDesktop(bob);
    }
    browser = gate.new Browser();
  }

  @AfterEach
  void stop() {
    browser.close();
    server.respondNormally();
  }

  @Test
  @DisplayName("a page without a cookie leads over sign-in and ticket back to the desktop")
  void wholeWay() {
    Answer opened = browser.open(provider, alice);
    assertThat(opened.status()).isEqualTo(303);
    assertThat(opened.location()).isEqualTo("https://" + alice + "/");
    browser.cookies(alice).put("selkies", "kept");
    Answer page = browser.navigate(alice, "/");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Authorization")).contains(TestGate.basic(aliceName));
    assertThat(page.header("Cookie")).contains("selkies=kept");
    assertThat(browser.webSocket(alice).status()).isEqualTo(200);
    assertThat(browser.portal("/").body()).contains("alice@example.com");
  }

  @Test
  @DisplayName("the address of a desktop that sleeps leads to the page that waits for it")
  void asleep() {
    browser.open(provider, alice);
    browser.cookies(alice).clear();
    TestGate.session(server, aliceName, "uid-alice-" + number, "alice", "t" + number, "Suspended");
    String waiting = "/sessions/desks/" + aliceName + "/open?path=%2Flab";
    await().untilAsserted(() -> assertThat(opened()).isEqualTo(waiting));
    assertThat(opened("Sec-Fetch-User", "?1")).isEqualTo(waiting + "&visit=1");
    assertThat(opened("Sec-Fetch-User", "?1", "Sec-Purpose", "prefetch;prerender"))
        .as("a prefetch resumes nothing")
        .isEqualTo(waiting);
  }

  /** Where the portal leads a page of alice's desktop without a cookie. */
  private String opened(String... headers) {
    List<String> all =
        new ArrayList<>(List.of("Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"));
    all.addAll(List.of(headers));
    return browser
        .portal(
            TestGate.path(browser.desktop(alice, "/lab", all.toArray(String[]::new)).location()))
        .location();
  }

  @Test
  @DisplayName("a cookie of one replica is valid at the other")
  void replicas() {
    browser.open(provider, alice);
    try (Browser moved = other.new Browser()) {
      moved.cookies(alice).putAll(browser.cookies(alice));
      assertThat(moved.webSocket(alice).status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("alice cannot open bob's desktop, and her cookie is useless there")
  void otherDesktop() {
    browser.open(provider, alice);
    Answer refused = browser.portalFrom(bob, "/");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.body()).contains("belongs to somebody else");
    browser.cookies(bob).putAll(browser.cookies(alice));
    assertThat(browser.webSocket(bob).status()).isEqualTo(401);
    assertThat(browser.navigate(bob, "/").header("Authorization")).isEmpty();
  }

  @Test
  @DisplayName("an admin cannot open the desktop of another user by default")
  void admins() {
    provider.idToken(claims -> provider.sign(claims.claim("email", "root@example.com").build()));
    String back = browser.signInFrom(provider, alice, "/");
    assertThat(browser.portal(back).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("a ticket opens once, in one browser, on one host")
  void tickets() {
    String back = browser.signInFrom(provider, alice, "/");
    String ticket = TestGate.path(browser.portal(back).location());
    try (Browser thief = gate.new Browser()) {
      assertThat(thief.navigate(alice, ticket).status()).isEqualTo(403);
      thief.navigate(alice, "/");
      assertThat(thief.navigate(alice, ticket).status()).isEqualTo(403);
    }
    browser.cookies(bob).putAll(browser.cookies(alice));
    assertThat(browser.navigate(bob, ticket).status()).isEqualTo(403);
    assertThat(browser.navigate(alice, ticket + "x").status()).isEqualTo(403);
    assertThat(browser.navigate(alice, ticket).status()).isEqualTo(303);
    Answer again = browser.navigate(alice, ticket);
    assertThat(again.status()).isEqualTo(403);
    assertThat(again.body()).contains("used before");
    assertThat(browser.desktop(alice, ticket).status()).isEqualTo(404);
  }

  @Test
  @DisplayName("a session that was deleted and made again needs a new ticket")
  void newSession() {
    browser.open(provider, alice);
    TestGate.session(server, aliceName, "uid-new-" + number, "alice", "t" + number);
    await().until(() -> browser.webSocket(alice).status() == 401);
    server.remove(ResourceType.SESSION, "desks", aliceName);
    await().until(() -> browser.navigate(alice, "/").status() == 404);
  }

  @Test
  @DisplayName("a sign-out ends the sign-in and its desktops on all replicas, also at the provider")
  void signOut() {
    browser.open(provider, alice);
    Map<String, String> stolen = Map.copyOf(browser.cookies(alice));
    Map<String, String> portal = Map.copyOf(browser.cookies("portal.example.com"));
    Answer out = browser.post("/signout", Map.of(), "Origin", TestGate.PORTAL);
    assertThat(out.status()).isEqualTo(303);
    assertThat(out.location())
        .startsWith(provider.issuer() + "/logout?")
        .contains("id_token_hint=");
    assertThat(browser.webSocket(alice).status()).isEqualTo(401);
    assertThat(browser.cookies("portal.example.com")).containsOnlyKeys("__Host-vdi-signed-out");
    try (Browser thief = other.new Browser()) {
      thief.cookies(alice).putAll(stolen);
      thief.cookies("portal.example.com").putAll(portal);
      await().until(() -> thief.webSocket(alice).status() == 401);
      assertThat(thief.portal("/").body()).contains("not signed in");
    }
  }

  @Test
  @DisplayName("after a sign-out the provider asks for the password, until the next sign-in")
  void reauthentication() {
    browser.open(provider, alice);
    assertThat(browser.portal("/signin").location()).doesNotContain("prompt=");
    Map<String, String> before = Map.copyOf(browser.cookies("portal.example.com"));
    browser.post("/signout", Map.of(), "Origin", TestGate.PORTAL);
    assertThat(browser.portal("/signin").location()).contains("prompt=login");
    try (Browser otherTab = gate.new Browser()) {
      otherTab.cookies("portal.example.com").putAll(before);
      assertThat(otherTab.portal("/signin").location()).contains("prompt=login");
    }
    browser.signIn(provider, "/signin");
    assertThat(browser.portal("/signin").location()).doesNotContain("prompt=");
  }

  @Test
  @DisplayName("a logout of the provider ends the sign-in; rubbish does not")
  void backChannel() {
    browser.open(provider, alice);
    assertThat(browser.post("/backchannel-logout", Map.of("logout_token", "x")).status())
        .isEqualTo(400);
    assertThat(browser.post("/backchannel-logout", Map.of()).status()).isEqualTo(400);
    assertThat(browser.webSocket(alice).status()).isEqualTo(200);
    JWTClaimsSet logout = provider.logoutClaims("session-" + number).build();
    Answer answer =
        browser.post("/backchannel-logout", Map.of("logout_token", provider.sign(logout)));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(browser.webSocket(alice).status()).isEqualTo(401);
    assertThat(browser.portal("/").body()).contains("not signed in");
  }

  @Test
  @DisplayName("a sign-out that cannot be stored is not reported as done")
  void signOutFails() {
    browser.open(provider, alice);
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
    browser.open(provider, alice);
    for (String origin : List.of("https://" + alice, "null", "https://evil.example")) {
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
            "https://" + alice + "@evil.example/",
            "https://" + alice + ".evil.example/",
            "http://" + alice + "/",
            "https://" + alice + ":444/",
            "javascript:alert(1)",
            "//" + alice + "/",
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
                    alice,
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
  @DisplayName("the pages around the sign-in and on the hosts of desktops are German, too")
  void german() {
    Answer signedOut = browser.portal("/signed-out", "Accept-Language", "de-AT,de;q=0.8");
    assertThat(signedOut.body())
        .contains("<html lang=\"de\">", "Sie sind abgemeldet.", "Anmelden")
        .doesNotContain("signed out");
    assertThat(browser.desktop("unknown.example.com", "/", "Accept-Language", "de").body())
        .contains("<html lang=\"de\">", "Unter dieser Adresse gibt es keinen Desktop.");
    assertThat(browser.desktop("unknown.example.com", "/").body())
        .contains("<html lang=\"en\">", "There is no desktop at this address.");
  }

  @Test
  @DisplayName("every page forbids frames, inline scripts and foreign content")
  void policies() {
    for (String path : List.of("/", "/signed-out", "/nothing", "/open", "/signin/callback")) {
      Answer page = browser.portal(path);
      assertThat(page.header("Content-Security-Policy").orElseThrow())
          .contains("default-src 'none'", "frame-ancestors 'none'", "script-src 'self'")
          .doesNotContain("unsafe");
      assertThat(page.header("X-Frame-Options")).contains("DENY");
      assertThat(page.header("X-Content-Type-Options")).contains("nosniff");
      assertThat(page.header("Strict-Transport-Security")).isPresent();
      assertThat(page.header("Referrer-Policy")).contains("same-origin");
    }
    assertThat(browser.webSocket(alice).header("Content-Security-Policy").orElseThrow())
        .contains("frame-ancestors 'none'");
  }

  @Test
  @DisplayName("a second cookie of the same name, as a sibling can toss it, is not accepted")
  void cookieTossing() {
    browser.open(provider, alice);
    String pass = browser.cookies(alice).get("__Host-vdi-desktop");
    Answer answer =
        browser.desktop(
            alice,
            "/api/websockets",
            "Sec-WebSocket-Key",
            "x",
            "Origin",
            "https://" + alice,
            "Cookie",
            "__Host-vdi-desktop=" + pass);
    assertThat(answer.status()).isEqualTo(401);
  }

  @Test
  @DisplayName("oversize headers are refused before anything is decided")
  void oversize() {
    assertThat(browser.portal("/", "X-Large", "x".repeat(40_000)).status()).isIn(400, 413, 431);
    assertThat(browser.portal("/" + "x".repeat(20_000)).status()).isIn(400, 414);
    browser.cookies(alice).put("__Host-vdi-desktop", "x".repeat(20_000));
    assertThat(browser.webSocket(alice).status()).isEqualTo(401);
  }

  @Test
  @DisplayName("what the router must send is required exactly once")
  void routerHeaders() {
    assertThat(browser.desktop(alice, "/", "X-Forwarded-Host", bob).status()).isEqualTo(400);
    assertThat(browser.desktop(alice, "/", "X-Forwarded-Uri", "/x").status()).isEqualTo(400);
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
    browser.open(provider, alice);
    server.put(
        ResourceType.SECRET,
        "{metadata: {name: vdi-auth-%s, namespace: desks}, data: {password: 'eA=='}}"
            .formatted(aliceName));
    assertThat(browser.webSocket(alice).status()).isEqualTo(503);
    server.remove(ResourceType.SECRET, "desks", "vdi-auth-" + aliceName);
    assertThat(browser.webSocket(alice).status()).isEqualTo(503);
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

  @Test
  @DisplayName("a template that allows the user no more closes the desktop")
  void allowedUsers() {
    browser.open(provider, alice);
    assertThat(browser.webSocket(alice).status()).isEqualTo(200);
    double before = gate.metric("vdi_gate_disconnects_total");
    template("allowedGroups: [staff, ops]");
    await().until(() -> gate.metric("vdi_gate_disconnects_total") > before);
    // The pass does not say that alice is in staff; the portal knows.
    assertThat(browser.webSocket(alice).status()).isEqualTo(403);
    assertThat(browser.take(alice, browser.portalFrom(alice, "/")).status()).isEqualTo(303);
    assertThat(browser.webSocket(alice).status()).isEqualTo(200);
    template("allowedUsers: [carol@example.com], allowedGroups: [ops]");
    await().until(() -> browser.webSocket(alice).status() == 403);
    await().until(() -> gate.metric("vdi_gate_disconnects_total") > before + 1);
    Answer refused = browser.portalFrom(alice, "/");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.body()).contains("ask an admin to add you");
  }

  private void template(String spec) {
    server.put(
        ResourceType.TEMPLATE,
        "{metadata: {name: t%s}, spec: {image: x, %s}}".formatted(number, spec));
  }

  @Test
  @DisplayName("a new sign-in with fewer groups, or of another user, ends the former one")
  void formerSignIn() {
    try (Browser unchanged = gate.new Browser()) {
      unchanged.open(provider, alice);
      unchanged.signIn(provider, "/signin");
      assertThat(unchanged.webSocket(alice).status()).isEqualTo(200);
      provider.user("bob@example.com", "staff", "admins");
      unchanged.signIn(provider, "/signin");
    }
    provider.reset("session-" + number);
    browser.open(provider, alice);
    assertThat(browser.webSocket(alice).status()).isEqualTo(200);
    provider.idToken(claims -> provider.sign(claims.claim("groups", List.of("admins")).build()));
    browser.signIn(provider, "/signin");
    assertThat(browser.webSocket(alice).status()).isEqualTo(401);
  }

  @Test
  @DisplayName("who did what is in the audit log, and no secret is")
  void audit() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    Logger logger = (Logger) LoggerFactory.getLogger(AuditLog.LOGGER);
    logger.addAppender(lines);
    try {
      String back = browser.signInFrom(provider, alice, "/");
      String ticket = TestGate.path(browser.portal(back).location());
      assertThat(browser.navigate(alice, ticket).status()).isEqualTo(303);
      browser.navigate(alice, ticket);
      browser.webSocket(alice);
      browser.portalFrom(bob, "/");
      List<String> secrets = new ArrayList<>(browser.cookies(alice).values());
      secrets.addAll(browser.cookies("portal.example.com").values());
      secrets.add(ticket.substring(ticket.indexOf('=') + 1));
      secrets.add(TestGate.basic(aliceName).substring(6));
      browser.post("/signout", Map.of(), "Origin", TestGate.PORTAL);
      browser.portal("/signin/callback?code=c&state=x");
      List<String> log =
          lines.list.stream().map(line -> String.valueOf(line.getKeyValuePairs())).toList();
      assertThat(log).hasSize(6);
      assertThat(log.get(0)).contains("SignedIn", "alice@example.com", "127.0.0.1", "signIn");
      assertThat(log.get(1)).contains("Opened", "uid-alice-" + number, "OWNER", "t" + number);
      assertThat(log.get(2)).contains("OpenRefused", "used before");
      assertThat(log.get(3)).contains("OpenRefused", bobName, "not the owner");
      assertThat(log.get(4)).contains("SignedOut", "alice@example.com");
      assertThat(log.get(5)).contains("SignInRefused", "the state does not match");
      for (String secret : secrets) {
        assertThat(String.join("\n", log)).doesNotContain(secret);
      }
    } finally {
      logger.detachAppender(lines);
    }
  }

  @Test
  @DisplayName("every metric of the gate's alerts is exposed, and the report has no secret")
  void operation() throws Exception {
    browser.open(provider, alice);
    String metrics = gate.observe("/observe/metrics");
    String rules = Files.readString(Path.of("../charts/vdi-operator/files/gate-rules.yaml"));
    Set<String> used =
        Pattern.compile("vdi_[a-z_]+")
            .matcher(rules)
            .results()
            .map(MatchResult::group)
            .collect(Collectors.toSet());
    assertThat(used).hasSizeGreaterThan(3);
    used.forEach(name -> assertThat(metrics).containsPattern("(?m)^" + name + "[{ ]"));
    assertThat(metrics)
        .contains("vdi_gate_sign_ins_total{", "vdi_gate_opens_total{", "vdi_gate_audit_dropped");
    assertThat(gate.metric("vdi_gate_forward_auth_seconds_count")).isPositive();
    await().until(() -> gate.metric("vdi_gate_provider_up") == 1);
    JsonObject report = JsonParser.parseString(gate.observe("/report")).getAsJsonObject();
    assertThat(report.get("issuer").getAsString()).isEqualTo(provider.issuer());
    assertThat(report.get("keysError").getAsString()).isEmpty();
    assertThat(report.get("publicUrl").getAsString()).isEqualTo(TestGate.PORTAL);
  }

  @Test
  @DisplayName("in development mode everybody is one user, and every page says so")
  void development() throws Exception {
    try (TestGate development =
            new TestGate(
                server,
                "",
                Map.of(
                    "vdiConfig_GATE_PUBLIC_URL",
                    "http://localhost:8080",
                    "vdiConfig_GATE_DEVELOPMENT_USER",
                    "alice@example.com",
                    "vdiConfig_GATE_DEVELOPMENT_GROUPS",
                    "staff"));
        Browser visitor = development.new Browser()) {
      assertThat(visitor.portal("/").body()).contains("Development mode");
      Answer begin = visitor.portal("/signin");
      assertThat(visitor.portal(TestGate.path(begin.location())).location()).isEqualTo("/");
      assertThat(visitor.portal("/").body()).contains("Development mode", "alice@example.com");
      assertThat(visitor.navigate("unknown.example.com", "/").body()).contains("Development mode");
      assertThat(visitor.post("/signout", Map.of(), "Origin", "http://localhost:8080").location())
          .isEqualTo("/signed-out");
    }
    assertThat(browser.portal("/").body()).doesNotContain("Development mode");
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
