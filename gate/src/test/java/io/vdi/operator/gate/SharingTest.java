package io.vdi.operator.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.gate.TestGate.Answer;
import io.vdi.operator.gate.TestGate.Browser;
import io.vdi.operator.gate.desktop.VisitorStore;
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

/** Guests and admins in the desktop of alice: two replicas, and one that lets no admin watch. */
class SharingTest {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final String DISCONNECTS = "vdi_gate_disconnects_total";
  private static final String BOB = "bob@example.com";

  private static FakeApiServer server;
  private static TestProvider provider;
  private static TestGate gate;
  private static TestGate other;
  private static TestGate strict;

  private final String number = String.valueOf(COUNT.incrementAndGet());
  private final String name = "shared" + number;
  private final SharedDesktop desktop = new SharedDesktop(server, name);
  private final String host = desktop.host();
  private Browser browser;
  private ApiClient api;

  @BeforeAll
  static void startAll() throws Exception {
    server = TestGate.apiServer();
    server.put(ResourceType.TEMPLATE, "{metadata: {name: base}, spec: {image: x}}");
    server.put(
        ResourceType.TEMPLATE, "{metadata: {name: kasm}, spec: {image: x, flavor: kasmvnc}}");
    provider = TestProvider.start();
    gate = new TestGate(server, provider.issuer(), Map.of());
    other = new TestGate(server, provider.issuer(), Map.of());
    strict =
        new TestGate(
            server, provider.issuer(), Map.of("vdiConfig_GATE_DESKTOPS_ADMIN_WATCH", "off"));
  }

  @AfterAll
  static void stopAll() {
    strict.close();
    gate.close();
    other.close();
    provider.close();
    server.close();
  }

  @BeforeEach
  void start() {
    TestGate.serveCrds(server);
    provider.reset("session-" + number);
    provider.user(BOB, "staff");
    browser = gate.new Browser();
    api = new ApiClient(gate.portalPort());
    desktop.put("[{user: bob@example.com, role: view}]");
    for (TestGate replica : List.of(gate, other, strict)) {
      replica.awaitDesktop(host);
    }
    String token = ApiClient.token(provider, "alice@example.com");
    await()
        .until(() ->
            api.get(token, desktop.path()).json().has("shares")
                && !api.get(token, desktop.path()).json().has("viewObstacle"));
  }

  @AfterEach
  void stop() {
    api.close();
    browser.close();
    server.respondNormally();
  }

  private JsonArray visitors() {
    return api.get(ApiClient.token(provider, "alice@example.com"), desktop.path())
        .json()
        .getAsJsonArray("visitors");
  }

  private static double disconnects() {
    return gate.metric(DISCONNECTS) + other.metric(DISCONNECTS);
  }

  @Test
  @DisplayName("a guest who watches gets the password of guests, and alice sees the guest")
  void view() {
    Answer opened = browser.open(provider, host);
    assertThat(opened.location()).isEqualTo("https://" + host + "/#shared");
    assertThat(browser.navigate(host, "/").header("Authorization"))
        .contains(TestGate.basic("view"));
    assertThat(browser.webSocket(host).header("Authorization")).contains(TestGate.basic("view"));
    await().until(() -> visitors().size() == 1);
    JsonObject visitor = visitors().get(0).getAsJsonObject();
    assertThat(visitor.get("user").getAsString()).isEqualTo(BOB);
    assertThat(visitor.get("role").getAsString()).isEqualTo("view");
    try (Browser moved = other.new Browser()) {
      moved.cookies(host).putAll(browser.cookies(host));
      assertThat(moved.webSocket(host).header("Authorization")).contains(TestGate.basic("view"));
    }
    assertThat(visitors()).as("the same guest by another replica").hasSize(1);
  }

  @Test
  @DisplayName("a guest sees the desktop among those shared with the guest, and nothing else of it")
  void shared() {
    String token = ApiClient.token(provider, BOB);
    JsonArray items = api.get(token, "/api/v1/shared").json().getAsJsonArray("items");
    assertThat(items)
        .filteredOn(item -> item.getAsJsonObject().get("name").getAsString().equals(name))
        .singleElement()
        .satisfies(item ->
            assertThat(item.getAsJsonObject().get("url").getAsString())
                .isEqualTo("https://" + host));
    assertThat(api.get(token, desktop.path()).status()).isEqualTo(404);
    assertThat(api.delete(token, desktop.path() + "/shares?user=" + BOB).status()).isEqualTo(404);
  }

  @Test
  @DisplayName("without a password of their own, guests do not get that of the owner")
  void noViewerPassword() throws Exception {
    for (String viewer :
        List.of("x: 'eA=='", "viewer-password: ''", "viewer-password: 'b3duZXI='")) {
      desktop.putSecret(viewer, "2026-01-01T00:00:00Z");
      try (TestGate fresh = freshGate();
          Browser visitor = fresh.new Browser()) {
        Answer refused = openAt(visitor);
        assertThat(refused.status()).as(viewer).isEqualTo(503);
        assertThat(refused.body()).contains("has no password of its own for guests");
      }
    }
    desktop.putSecret("viewer-password: 'dmlldw=='", "2026-01-01T00:00:01Z");
    try (TestGate fresh = freshGate();
        Browser visitor = fresh.new Browser()) {
      assertThat(openAt(visitor).body()).contains("suspend it and resume it");
    }
  }

  /** Without the passwords that a gate remembers for 10 s. */
  private TestGate freshGate() throws Exception {
    TestGate fresh = new TestGate(server, provider.issuer(), Map.of());
    fresh.awaitDesktop(host);
    return fresh;
  }

  /** What the portal answers a user who is sent there by the desktop. */
  private Answer openAt(Browser visitor) {
    return visitor.portal(visitor.signInFrom(provider, host, "/"));
  }

  @Test
  @DisplayName("a guest who controls gets the owner's password; a changed role needs a new pass")
  void control() {
    browser.open(provider, host);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    double before = disconnects();
    desktop.putShares("[{user: bob@example.com, role: control}]");
    await().until(() -> browser.webSocket(host).status() == 401);
    await().until(() -> disconnects() > before);
    assertThat(browser.take(host, browser.portalFrom(host, "/")).location())
        .isEqualTo("https://" + host + "/");
    assertThat(browser.webSocket(host).header("Authorization")).contains(TestGate.basic("owner"));
    await()
        .until(() ->
            visitors().size() == 1
                && visitors().get(0).getAsJsonObject().get("role").getAsString().equals("control"));
  }

  @Test
  @DisplayName("the end of a share refuses the guest, and ends the open connections within 2 s")
  void end() {
    browser.open(provider, host);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    await().until(() -> visitors().size() == 1);
    double before = disconnects();
    desktop.putShares("[]");
    await().until(() -> browser.webSocket(host).status() == 403);
    await().until(() -> disconnects() > before);
    assertThat(browser.navigate(host, "/").body()).contains("shares this desktop with you no more");
    await().until(() -> visitors().isEmpty());
    assertThat(browser.portal("/").body()).doesNotContain(name);
  }

  @Test
  @DisplayName("a share ends at its time, without any change of the session")
  void until() {
    Instant end = Instant.now().plusSeconds(5);
    desktop.putShares("[{user: bob@example.com, role: view, until: '%s'}]".formatted(end));
    await()
        .until(() ->
            api.get(ApiClient.token(provider, BOB), "/api/v1/shared")
                .body()
                .contains(end.toString()));
    browser.open(provider, host);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    double before = disconnects();
    await().atMost(Duration.ofSeconds(30)).until(() -> browser.webSocket(host).status() == 403);
    assertThat(Instant.now()).isAfterOrEqualTo(end);
    await().until(() -> disconnects() > before);
  }

  @Test
  @DisplayName("a replica that has let nobody in ends the connections of a guest of another one")
  void restarted() throws Exception {
    try (TestGate former = freshGate();
        Browser visitor = former.new Browser()) {
      visitor.open(provider, host);
      assertThat(visitor.webSocket(host).status()).isEqualTo(200);
      await().until(() -> visitors().size() == 1);
    }
    double before = disconnects();
    desktop.putShares("[]");
    await().until(() -> disconnects() > before);
  }

  @Test
  @DisplayName("who cannot be listed as a visitor does not get in")
  void notListed() {
    browser.open(provider, host);
    server.reject(
        request -> request.path().contains(VisitorStore.NAME), 500, "InternalError", "no");
    assertThat(browser.webSocket(host).status()).isEqualTo(503);
  }

  @Test
  @DisplayName("a desktop of another flavor has no guests")
  void otherFlavor() {
    desktop.putSession("Running", "kasm", "[{user: bob@example.com, role: control}]");
    await().until(() -> openAt(browser).status() == 403);
    assertThat(api.get(ApiClient.token(provider, BOB), "/api/v1/shared").body())
        .doesNotContain(name);
  }

  @Test
  @DisplayName("an admin watches by the portal; the owner sees it, and there is an Event")
  void adminWatches() {
    provider.user("root@example.com", "admins");
    assertThat(openAt(browser).status()).as("without saying so").isEqualTo(403);
    Answer ticket = browser.portalFrom(host, "/.vdi/watch");
    assertThat(ticket.status()).as(ticket.body()).isEqualTo(303);
    assertThat(browser.take(host, ticket).location()).endsWith("/#shared");
    assertThat(browser.webSocket(host).header("Authorization")).contains(TestGate.basic("view"));
    await().until(() -> visitors().size() == 1);
    assertThat(visitors().get(0).getAsJsonObject().get("role").getAsString()).isEqualTo("watch");
    await()
        .until(() ->
            server.requests().stream()
                .anyMatch(request ->
                    request.method().equals("POST")
                        && request.path().contains("/events")
                        && request.body().contains("root@example.com watches this desktop")));
    try (Browser forbidden = strict.new Browser()) {
      String back = forbidden.signInFrom(provider, host, "/.vdi/watch");
      assertThat(back).contains("watch=1");
      assertThat(forbidden.portal(back).status()).isEqualTo(403);
      forbidden.cookies(host).putAll(browser.cookies(host));
      assertThat(forbidden.webSocket(host).status()).isEqualTo(403);
    }
  }

  @Test
  @DisplayName("a user who is no admin and no guest watches nothing")
  void nobody() {
    provider.user("carol@example.com", "staff");
    String back = browser.signInFrom(provider, host, "/.vdi/watch");
    assertThat(browser.portal(back).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("a guest cannot start a desktop that sleeps")
  void asleep() {
    desktop.putSession("Suspended", "base", "[{user: bob@example.com}]");
    await()
        .until(() ->
            !api.get(ApiClient.token(provider, BOB), "/api/v1/shared")
                .body()
                .contains("https://" + host));
    Answer refused = openAt(browser);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.body()).contains("Only alice@example.com and admins can start it");
  }
}
