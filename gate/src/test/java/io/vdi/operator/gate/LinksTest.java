package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import io.vdi.operator.gate.signin.TestProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Guests without an account in the desktop of alice: two replicas. */
class LinksTest {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final String DISCONNECTS = "vdi_gate_disconnects_total";
  private static final String REFUSED = "The link is not valid";

  private static FakeApiServer server;
  private static TestProvider provider;
  private static TestGate gate;
  private static TestGate other;

  private final String number = String.valueOf(COUNT.incrementAndGet());
  private final String name = "linked" + number;
  private final SharedDesktop desktop = new SharedDesktop(server, name);
  private final String host = desktop.host();
  private final String token = ApiClient.token(provider, "alice@example.com");
  private Browser browser;
  private ApiClient api;

  @BeforeAll
  static void startAll() throws Exception {
    server = TestGate.apiServer();
    server.put(ResourceType.TEMPLATE, "{metadata: {name: base}, spec: {image: x}}");
    provider = TestProvider.start();
    Map<String, String> links = Map.of("vdiConfig_GATE_DESKTOPS_LINKS", "view");
    gate = new TestGate(server, provider.issuer(), links);
    other = new TestGate(server, provider.issuer(), links);
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
    browser = gate.new Browser();
    api = new ApiClient(gate.portalPort());
    desktop.put("[]");
    for (TestGate replica : List.of(gate, other)) {
      replica.awaitDesktop(host);
    }
  }

  @AfterEach
  void stop() {
    api.close();
    browser.close();
    server.respondNormally();
  }

  private static String share(LinkCode code, String role, Instant until) {
    return "[{user: '%s', role: %s, until: '%s'}]".formatted(code.user(), role, until);
  }

  private ApiClient.Answer create(Instant until) {
    return api.post(token, desktop.path() + "/links", "{\"until\": \"%s\"}".formatted(until));
  }

  /** The code of a new link for an hour. */
  private String link() {
    ApiClient.Answer made = create(Instant.now().plus(Duration.ofHours(1)));
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    String url = made.json().get("url").getAsString();
    assertThat(url).startsWith(TestGate.PORTAL + "/link#uid-" + name + ".");
    return url.substring(url.indexOf('#') + 1);
  }

  private static Answer post(Browser visitor, String code) {
    return visitor.post("/link", Map.of("code", code), "Origin", TestGate.PORTAL);
  }

  /** The whole way from the link to the cookie of the desktop. */
  private Answer open(Browser visitor, String code) {
    Answer accepted = post(visitor, code);
    assertThat(accepted.status()).as(accepted.body()).isEqualTo(200);
    assertThat(accepted.header("Refresh")).contains("0; url=https://" + host + "/.vdi/link");
    return enter(visitor);
  }

  /** From the desktop's host on. */
  private Answer enter(Browser visitor) {
    Answer ticket = visitor.portalFrom(host, "/.vdi/link");
    return ticket.status() == 303 ? visitor.take(host, ticket) : ticket;
  }

  private JsonObject session() {
    return api.get(token, desktop.path()).json();
  }

  private JsonArray visitors() {
    return session().getAsJsonArray("visitors");
  }

  private static double disconnects() {
    return gate.metric(DISCONNECTS) + other.metric(DISCONNECTS);
  }

  @Test
  @DisplayName("a guest of a link watches with the password of guests, and alice sees a guest")
  void watch() {
    String code = link();
    Answer opened = open(browser, code);
    assertThat(opened.location()).isEqualTo("https://" + host + "/#shared");
    assertThat(browser.webSocket(host).header("Authorization")).contains(TestGate.basic("view"));
    assertThat(browser.desktop(host, "/", "X-Forwarded-Method", "POST").status()).isNotEqualTo(200);
    await().until(() -> visitors().size() == 1);
    JsonObject visitor = visitors().get(0).getAsJsonObject();
    assertThat(visitor.get("role").getAsString()).isEqualTo("link");
    assertThat(visitor.get("user").getAsString())
        .isEqualTo(LinkCode.parse(code).orElseThrow().user());
    assertThat(session().toString()).as("stored nowhere").doesNotContain(code.substring(20));
    try (Browser second = other.new Browser()) {
      assertThat(open(second, code).location()).endsWith("/#shared");
      assertThat(second.webSocket(host).header("Authorization")).contains(TestGate.basic("view"));
    }
    assertThat(visitors()).as("a link is listed once").hasSize(1);
  }

  @Test
  @DisplayName("the page of a link lets nobody in: only its button does, and only from that page")
  void onlyTheButton() {
    String code = link();
    for (String path : List.of("/link", "/link?code=" + code)) {
      Answer page = browser.portal(path);
      assertThat(page.status()).isEqualTo(200);
      assertThat(page.body()).contains("action=\"/link\"").doesNotContain(code, name, "alice");
    }
    assertThat(browser.cookies("portal.example.com")).isEmpty();
    assertThat(browser.post("/link", Map.of("code", code)).status()).isEqualTo(403);
    assertThat(browser.post("/link", Map.of("code", code), "Origin", "https://" + host).status())
        .isEqualTo(403);
    assertThat(browser.cookies("portal.example.com")).isEmpty();
    assertThat(enter(browser).body()).contains("The link has ended");
  }

  @Test
  @DisplayName("every wrong code gets the same answer")
  void wrong() {
    String code = link();
    String secret = code.substring(code.indexOf('.') + 1);
    String flipped = (secret.charAt(0) == 'A' ? "B" : "A") + secret.substring(1);
    String body = post(browser, "uid-unknown." + secret).body();
    assertThat(body).contains(REFUSED).doesNotContain(name);
    for (String wrong :
        List.of(
            "",
            "x",
            code + "A",
            code.substring(1),
            "uid-" + name + "." + flipped,
            LinkCode.parse(code).orElseThrow().user(),
            code.replace("uid-", "UID-"))) {
      Answer refused = post(browser, wrong);
      assertThat(refused.status()).as(wrong).isEqualTo(403);
      assertThat(refused.body()).as(wrong).isEqualTo(body);
      assertThat(refused.header("Set-Cookie")).isEmpty();
    }
  }

  @Test
  @DisplayName("a hash that is copied, or has another role or no near end, lets nobody in")
  void copied() {
    LinkCode foreign = LinkCode.of("uid-foreign", new byte[LinkCode.SECRET_BYTES]);
    LinkCode own = LinkCode.of("uid-" + name, new byte[LinkCode.SECRET_BYTES]);
    Instant end = Instant.now().plusSeconds(600);
    desktop.putShares(share(foreign, "view", end));
    await().until(() -> session().toString().contains(foreign.user()));
    assertThat(post(browser, foreign.text()).status()).isEqualTo(403);
    desktop.putShares(share(own, "control", end));
    await().until(() -> session().toString().contains(own.user()));
    assertThat(post(browser, own.text()).status()).as("control").isEqualTo(403);
    desktop.putShares("[{user: '%s', role: view}]".formatted(own.user()));
    await().until(() -> !session().toString().contains("until"));
    assertThat(post(browser, own.text()).status()).as("without an end").isEqualTo(403);
    Instant late = Instant.now().plus(Share.MAX_LINK).plus(Duration.ofHours(1));
    desktop.putShares(share(own, "view", late));
    await().until(() -> session().toString().contains(late.toString()));
    assertThat(post(browser, own.text()).status()).as("for more than a day").isEqualTo(403);
    desktop.putShares(share(own, "view", end));
    await().until(() -> post(browser, own.text()).status() == 200);
  }

  @Test
  @DisplayName("the end of a link refuses its guests, and ends the open connections within 2 s")
  void end() {
    String code = link();
    String user = LinkCode.parse(code).orElseThrow().user();
    open(browser, code);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    await().until(() -> visitors().size() == 1);
    double before = disconnects();
    assertThat(api.delete(token, desktop.path() + "/shares?user=" + user).status()).isEqualTo(200);
    await().until(() -> browser.webSocket(host).status() == 403);
    await().until(() -> disconnects() > before);
    assertThat(browser.navigate(host, "/").body()).contains("The link has ended");
    assertThat(enter(browser).body()).as("its cookie of the portal").contains("The link has ended");
    await().until(() -> visitors().isEmpty());
    assertThat(post(browser, code).body()).contains(REFUSED);
    assertThat(open(browser, link()).location()).as("another link").endsWith("/#shared");
  }

  @Test
  @DisplayName("a link ends at its time, without any change of the session")
  void until() {
    Instant end = Instant.now().plusSeconds(5);
    ApiClient.Answer made = create(end);
    String url = made.json().get("url").getAsString();
    String code = url.substring(url.indexOf('#') + 1);
    open(browser, code);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    double before = disconnects();
    await().atMost(Duration.ofSeconds(30)).until(() -> browser.webSocket(host).status() != 200);
    await().until(() -> disconnects() > before);
    await().until(() -> post(browser, code).body().contains(REFUSED));
  }

  @Test
  @DisplayName("without the setting there are no links, and those that exist end")
  void off() throws Exception {
    String code = link();
    open(browser, code);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    try (TestGate strict = strict();
        Browser visitor = strict.new Browser();
        ApiClient api = new ApiClient(strict.portalPort())) {
      ApiClient.Answer refused =
          api.post(
              token,
              desktop.path() + "/links",
              "{\"until\": \"%s\"}".formatted(Instant.now().plusSeconds(60)));
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.body()).contains("set gate.desktops.links to view");
      assertThat(api.get(token, desktop.path()).body()).doesNotContain("\"link\"");
      assertThat(visitor.portal("/link").status()).isEqualTo(404);
      assertThat(post(visitor, code).status()).isEqualTo(404);
      assertThat(visitor.navigate(host, "/.vdi/link").status()).isEqualTo(404);
      visitor.cookies(host).putAll(browser.cookies(host));
      visitor.cookies("portal.example.com").putAll(browser.cookies("portal.example.com"));
      assertThat(visitor.webSocket(host).status()).isEqualTo(403);
      String open = TestGate.path(browser.navigate(host, "/.vdi/link").location());
      assertThat(visitor.portal(open).status()).isEqualTo(403);
    }
  }

  /** A replica without links. */
  private TestGate strict() throws Exception {
    TestGate strict = new TestGate(server, provider.issuer(), Map.of());
    strict.awaitDesktop(host);
    return strict;
  }

  @Test
  @DisplayName("a replica without the setting ends the connections of guests of a link")
  void turnedOff() throws Exception {
    open(browser, link());
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    await().until(() -> visitors().size() == 1);
    try (TestGate strict = strict()) {
      await().until(() -> visitors().isEmpty());
      await().until(() -> strict.metric(DISCONNECTS) > 0);
    }
  }

  @Test
  @DisplayName("a guest of a link has no portal, no API and no other desktop")
  void nothingElse() {
    TestGate.session(server, "other" + number, "uid-other" + number);
    open(browser, link());
    assertThat(browser.portal("/").body()).contains("Sign in").doesNotContain(name);
    assertThat(browser.portal("/sessions/desks/" + name).status()).isEqualTo(303);
    assertThat(browser.portal("/api/v1/me").status()).isEqualTo(401);
    String otherHost = "other" + number + ".example.com";
    await().until(() -> browser.navigate(otherHost, "/").status() == 303);
    assertThat(browser.portalFrom(otherHost, "/").location()).startsWith("/signin");
    browser.cookies(otherHost).putAll(browser.cookies(host));
    assertThat(browser.webSocket(otherHost).status()).isEqualTo(401);
    browser.cookies(otherHost).clear();
    browser
        .cookies("portal.example.com")
        .put("__Host-vdi-signin", browser.cookies("portal.example.com").get("__Host-vdi-link"));
    assertThat(browser.portal("/api/v1/me").status()).isEqualTo(401);
  }

  @Test
  @DisplayName("a reload after the cookie of the desktop has gone needs no second press")
  void reload() {
    open(browser, link());
    browser.cookies(host).remove("__Host-vdi-desktop");
    assertThat(browser.take(host, browser.portalFrom(host, "/")).status()).isEqualTo(303);
    assertThat(browser.webSocket(host).header("Authorization")).contains(TestGate.basic("view"));
  }

  @Test
  @DisplayName("the owner who opens an own link stays the owner")
  void owner() {
    provider.user("alice@example.com", "staff");
    browser.open(provider, host);
    assertThat(open(browser, link()).location()).isEqualTo("https://" + host + "/");
    assertThat(browser.webSocket(host).header("Authorization")).contains(TestGate.basic("owner"));
  }

  @Test
  @DisplayName("a link starts no desktop, and says nothing about its owner")
  void asleep() {
    String code = link();
    desktop.putSession(
        "Suspended",
        "base",
        share(LinkCode.parse(code).orElseThrow(), "view", Instant.now().plusSeconds(60)));
    await().until(() -> session().get("suspended").getAsBoolean());
    assertThat(post(browser, code).status()).isEqualTo(200);
    Answer refused = enter(browser);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.body()).contains("does not run").doesNotContain("alice");
  }

  @Test
  @DisplayName("without a password for guests a link opens nothing, and does not say why")
  void noViewerPassword() {
    server.put(
        ResourceType.SECRET,
        """
        {metadata: {name: vdi-auth-%1$s, namespace: desks, ownerReferences: [{uid: uid-%1$s}]},
         data: {password: 'b3duZXI='}}
        """
            .formatted(name));
    assertThat(post(browser, link()).status()).isEqualTo(200);
    Answer refused = enter(browser);
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.body()).contains("at present").doesNotContain(name);
  }

  @Test
  @DisplayName("a link that everybody opens does not fill the record of tickets")
  void crowd() {
    String code = link();
    int refused = 0;
    post(browser, code);
    String portal = TestGate.path(browser.navigate(host, "/.vdi/link").location());
    for (int i = 0; i < 80; i++) {
      refused += browser.portal(portal).status() == 429 ? 1 : 0;
    }
    assertThat(refused).isPositive();
  }

  @Test
  @DisplayName("a link is valid for at most a day")
  void limits() {
    Instant now = Instant.now();
    for (Instant wrong :
        List.of(now.minusSeconds(1), now.plus(Duration.ofHours(25)), Instant.EPOCH)) {
      ApiClient.Answer refused = create(wrong);
      assertThat(refused.status()).isEqualTo(422);
      assertThat(refused.body()).contains("at most 24h from now");
    }
  }
}
