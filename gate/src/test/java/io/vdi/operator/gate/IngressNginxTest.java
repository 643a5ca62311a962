package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import io.vdi.operator.gate.signin.TestProvider;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The gate behind ingress-nginx, which knows only the answers 2xx, 401 and 403;
 * docs/specification.md, section 8.
 */
class IngressNginxTest {
  private static final String ALICE = "alice.example.com";
  private static final String BOB = "bob.example.com";
  private static final String[] NAVIGATION = {
    "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"
  };
  private static final String[] SOCKET = {"Sec-WebSocket-Key", "x", "Origin", "https://" + ALICE};

  private FakeApiServer server;
  private TestProvider provider;
  private TestGate gate;
  private Browser browser;

  @BeforeEach
  void start() throws Exception {
    server = TestGate.apiServer();
    provider = TestProvider.start();
    gate = new TestGate(server, provider.issuer(), Map.of());
    server.put(ResourceType.TEMPLATE, "{metadata: {name: base}, spec: {image: x}}");
    TestGate.session(server, "alice", "uid-alice");
    TestGate.session(server, "bob", "uid-bob");
    browser = gate.new Browser();
    for (String host : List.of(ALICE, BOB)) {
      await().until(() -> browser.behindNginx(host, "/", NAVIGATION).status() == 303);
    }
    browser.cookies(ALICE).clear();
    browser.cookies(BOB).clear();
  }

  @AfterEach
  void stop() {
    browser.close();
    gate.close();
    provider.close();
    server.close();
  }

  /** From the page of a desktop over the sign-in to the path with the ticket. */
  private String ticket(String host, String uri) {
    String open = TestGate.path(browser.behindNginx(host, uri, NAVIGATION).location());
    String back = browser.signIn(provider, browser.portal(open).location()).location();
    return TestGate.path(browser.portal(back).location());
  }

  /** The answer that takes the ticket. */
  private Answer open(String host, String uri) {
    return browser.page(host, ticket(host, uri), NAVIGATION);
  }

  @Test
  @DisplayName("a page without a cookie leads over sign-in and ticket back to this page")
  void wholeWay() {
    assertThat(browser.nginx(ALICE, "GET", "/lab?x=1&y=%20", NAVIGATION).status()).isEqualTo(401);
    Answer opened = open(ALICE, "/lab?x=1&y=%20");
    assertThat(opened.status()).isEqualTo(303);
    assertThat(opened.location()).isEqualTo("https://" + ALICE + "/lab?x=1&y=%20");
    browser.cookies(ALICE).put("selkies", "kept");
    Answer page = browser.nginx(ALICE, "GET", "/lab?x=1&y=%20", NAVIGATION);
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Authorization")).isPresent();
    assertThat(page.header("Cookie")).contains("selkies=kept");
    assertThat(browser.nginx(ALICE, "GET", "/api/websockets", SOCKET).status()).isEqualTo(200);
    // The browser has got its cookie meanwhile: back to the page.
    Answer again = browser.page(ALICE, "/.vdi/open?rd=%2Flab", NAVIGATION);
    assertThat(again.location()).isEqualTo("https://" + ALICE + "/lab");
    assertThat(again.header("Authorization")).isEmpty();
  }

  @Test
  @DisplayName("what is no page is refused with 403, which ingress-nginx passes on")
  void noPages() {
    assertThat(browser.nginx(ALICE, "GET", "/api/websockets", SOCKET).status()).isEqualTo(403);
    assertThat(browser.nginx(ALICE, "GET", "/app.js").status()).isEqualTo(403);
    assertThat(browser.nginx(ALICE, "POST", "/upload", NAVIGATION).status()).isEqualTo(403);
    open(ALICE, "/");
    assertThat(browser.nginx(ALICE, "GET", "/", "Origin", "https://" + BOB).status())
        .isEqualTo(403);
    assertThat(
            browser
                .nginx(ALICE, "GET", "/", "Sec-WebSocket-Key", "x", "Origin", "https://" + BOB)
                .status())
        .isEqualTo(403);
  }

  @Test
  @DisplayName("the browser's own headers change nothing: the router writes host, method and path")
  void spoofing() {
    open(ALICE, "/");
    String[] spoofed = {
      "X-Forwarded-Host",
      ALICE,
      "X-Forwarded-Uri",
      "/",
      "X-Forwarded-Method",
      "GET",
      "X-Original-Url",
      "https://" + ALICE + "/"
    };
    assertThat(browser.nginx(BOB, "GET", "/", spoofed).status()).isEqualTo(403);
    browser.cookies(BOB).putAll(browser.cookies(ALICE));
    assertThat(browser.nginx(BOB, "GET", "/", spoofed).status()).isEqualTo(403);
    assertThat(browser.nginx(ALICE, "POST", "/", spoofed).status()).isEqualTo(403);
    for (String method : List.of("GET&uri=%2F", "GET&x=", "GET%26method=GET&method=GET", "GET#")) {
      assertThat(browser.nginx(ALICE, method, "/", NAVIGATION).status()).as(method).isEqualTo(400);
    }
  }

  @Test
  @DisplayName("paths of the gate that the router sends to the desktop are refused, without a loop")
  void reserved() {
    open(ALICE, "/");
    for (String path : List.of("/.vdi/open?rd=/", "/.vdi/ticket?t=x", "/.vdi/watch", "/.vdi/x")) {
      assertThat(browser.nginx(ALICE, "GET", path, NAVIGATION).status()).as(path).isEqualTo(403);
    }
    for (String path : List.of("/.vdi/x", "/%2evdi/open?rd=/", "/.vdi/%6fpen?rd=/", "/.vdi/")) {
      assertThat(browser.page(ALICE, path, NAVIGATION).status()).as(path).isEqualTo(404);
    }
    assertThat(browser.page(ALICE, "/.vdi/watch", NAVIGATION).location()).contains("watch=1");
  }

  @Test
  @DisplayName("the page after a refusal leads to no other host, and takes no ticket by itself")
  void openRedirects() {
    open(ALICE, "/");
    for (String to :
        List.of("//evil.example", "https:%2F%2Fevil.example", "/%5Cevil", "/.vdi/ticket?t=x", "")) {
      assertThat(browser.page(ALICE, "/.vdi/open?rd=" + to, NAVIGATION).location())
          .as(to)
          .isEqualTo("https://" + ALICE + "/");
    }
    assertThat(browser.page("unknown.example.com", "/.vdi/open?rd=/", NAVIGATION).status())
        .isEqualTo(404);
    browser.cookies(ALICE).clear();
    assertThat(browser.page(ALICE, "/.vdi/open?rd=/").status()).isEqualTo(401);
  }

  @Test
  @DisplayName("a ticket opens once, in one browser")
  void tickets() {
    String ticket = ticket(ALICE, "/");
    try (Browser thief = gate.new Browser()) {
      assertThat(thief.page(ALICE, ticket, NAVIGATION).status()).isEqualTo(403);
    }
    assertThat(browser.page(ALICE, ticket).status()).isEqualTo(404);
    assertThat(browser.page(ALICE, ticket, NAVIGATION).status()).isEqualTo(303);
    assertThat(browser.page(ALICE, ticket, NAVIGATION).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("the page of another user's desktop shows why it is refused")
  void otherDesktop() {
    open(ALICE, "/");
    String open = TestGate.path(browser.behindNginx(BOB, "/", NAVIGATION).location());
    assertThat(browser.portal(open).body()).contains("belongs to somebody else");
    server.remove(ResourceType.SESSION, "desks", "bob");
    await().until(() -> browser.behindNginx(BOB, "/", NAVIGATION).status() == 404);
  }

  @Test
  @DisplayName("the address of a desktop that sleeps leads to the page that wakes it")
  void asleep() {
    open(ALICE, "/");
    browser.cookies(ALICE).clear();
    TestGate.session(server, "alice", "uid-alice", "alice", "base", "Suspended");
    String[] visit = {
      "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-User", "?1"
    };
    await()
        .untilAsserted(() ->
            assertThat(
                    browser
                        .portal(TestGate.path(browser.behindNginx(ALICE, "/lab", visit).location()))
                        .location())
                .isEqualTo("/sessions/desks/alice/open?path=%2Flab&visit=1"));
  }

  @Test
  @DisplayName("a password that cannot be read is a page with 503, and nothing passes")
  void unavailable() {
    server.remove(ResourceType.SECRET, "desks", "vdi-auth-alice");
    open(ALICE, "/");
    assertThat(browser.behindNginx(ALICE, "/", NAVIGATION).status()).isEqualTo(503);
    Answer socket = browser.nginx(ALICE, "GET", "/api/websockets", SOCKET);
    assertThat(socket.status()).isEqualTo(503);
    assertThat(socket.header("Authorization")).isEmpty();
  }
}
