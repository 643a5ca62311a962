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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
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
  private static final String BOB = "bob@example.com";

  private static FakeApiServer server;
  private static TestProvider provider;
  private static TestGate gate;
  private static TestGate other;
  private static TestGate strict;

  private final String number = String.valueOf(COUNT.incrementAndGet());
  private final String name = "shared" + number;
  private final String host = name + ".example.com";
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
    as(BOB, "staff");
    browser = gate.new Browser();
    api = new ApiClient(gate.portalPort());
    desktop("base", "[{user: bob@example.com, role: view}]");
    secret("viewer-password: 'dmlldw=='", "2026-01-01T00:00:00Z");
    pod("2026-01-01T00:00:00Z");
    awaitDesktop();
  }

  private void awaitDesktop() {
    for (TestGate replica : List.of(gate, other, strict)) {
      try (Browser visitor = replica.new Browser()) {
        await().until(() -> visitor.navigate(host, "/").status() == 303);
      }
    }
    String token = ApiClient.token(provider, "alice@example.com");
    await()
        .until(() ->
            api.get(token, "/api/v1/sessions/desks/" + name).json().has("shares")
                && !api.get(token, "/api/v1/sessions/desks/" + name).json().has("viewObstacle"));
  }

  @AfterEach
  void stop() {
    api.close();
    browser.close();
    server.respondNormally();
  }

  private static void as(String email, String group) {
    provider.idToken(claims ->
        provider.sign(
            claims
                .subject("sub-" + email)
                .claim("email", email)
                .claim("groups", List.of(group))
                .build()));
  }

  private void desktop(String template, String shares) {
    server.put(
        ResourceType.SESSION,
        """
        {metadata: {name: %1$s, namespace: desks, uid: uid-%1$s},
         spec: {user: alice@example.com, template: %2$s, shares: %3$s},
         status: {phase: Running, url: 'https://%1$s.example.com'}}
        """
            .formatted(name, template, shares));
  }

  private void secret(String viewer, String since) {
    server.put(
        ResourceType.SECRET,
        """
        {metadata: {name: vdi-auth-%1$s, namespace: desks, ownerReferences: [{uid: uid-%1$s}],
           annotations: {'vdi.kasm.io/viewer-password-since': '%2$s'}},
         data: {password: 'b3duZXI=', %3$s}}
        """
            .formatted(name, since, viewer));
  }

  private void pod(String created) {
    server.put(
        ResourceType.POD,
        """
        {metadata: {name: %1$s, namespace: desks, uid: p%1$s, creationTimestamp: '%2$s',
           labels: {'app.kubernetes.io/managed-by': vdi-operator, 'app.kubernetes.io/instance': %1$s},
           ownerReferences: [{apiVersion: 'vdi.kasm.io/v1alpha1', kind: VDISession, name: %1$s,
             uid: uid-%1$s, controller: true}]}}
        """
            .formatted(name, created));
  }

  private static String basic(String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString(("ubuntu:" + password).getBytes(StandardCharsets.UTF_8));
  }

  private JsonArray visitors() {
    return api.get(ApiClient.token(provider, "alice@example.com"), "/api/v1/sessions/desks/" + name)
        .json()
        .getAsJsonArray("visitors");
  }

  private static double disconnects() {
    double sum = 0;
    for (TestGate replica : List.of(gate, other)) {
      sum +=
          replica
              .observe("/observe/metrics")
              .lines()
              .filter(line -> line.startsWith("vdi_gate_disconnects_total"))
              .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
              .sum();
    }
    return sum;
  }

  @Test
  @DisplayName("a guest who watches gets the password of guests, and alice sees the guest")
  void view() {
    Answer opened = browser.open(provider, host);
    assertThat(opened.location()).isEqualTo("https://" + host + "/#shared");
    assertThat(browser.navigate(host, "/").header("Authorization")).contains(basic("view"));
    assertThat(browser.webSocket(host).header("Authorization")).contains(basic("view"));
    await().until(() -> visitors().size() == 1);
    JsonObject visitor = visitors().get(0).getAsJsonObject();
    assertThat(visitor.get("user").getAsString()).isEqualTo(BOB);
    assertThat(visitor.get("role").getAsString()).isEqualTo("view");
    try (Browser moved = other.new Browser()) {
      moved.cookies(host).putAll(browser.cookies(host));
      assertThat(moved.webSocket(host).header("Authorization")).contains(basic("view"));
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
    assertThat(api.get(token, "/api/v1/sessions/desks/" + name).status()).isEqualTo(404);
    assertThat(api.delete(token, "/api/v1/sessions/desks/" + name + "/shares?user=" + BOB).status())
        .isEqualTo(404);
  }

  @Test
  @DisplayName("without a password of their own, guests do not get that of the owner")
  void noViewerPassword() {
    for (String viewer :
        List.of("x: 'eA=='", "viewer-password: ''", "viewer-password: 'b3duZXI='")) {
      secret(viewer, "2026-01-01T00:00:00Z");
      try (TestGate fresh = freshGate();
          Browser visitor = fresh.new Browser()) {
        Answer refused = openAt(visitor);
        assertThat(refused.status()).as(viewer).isEqualTo(503);
        assertThat(refused.body()).contains("has no password of its own for guests");
      }
    }
    secret("viewer-password: 'dmlldw=='", "2026-01-01T00:00:01Z");
    try (TestGate fresh = freshGate();
        Browser visitor = fresh.new Browser()) {
      assertThat(openAt(visitor).body()).contains("suspend it and resume it");
    }
  }

  /** Without the passwords that a gate remembers for 10 s. */
  private TestGate freshGate() {
    try {
      TestGate fresh = new TestGate(server, provider.issuer(), Map.of());
      try (Browser visitor = fresh.new Browser()) {
        await().until(() -> visitor.navigate(host, "/").status() == 303);
      }
      return fresh;
    } catch (io.vdi.operator.runtime.config.InvalidConfigException e) {
      throw new AssertionError(e);
    }
  }

  /** What the portal answers a user who is sent there by the desktop. */
  private Answer openAt(Browser visitor) {
    String open = TestGate.path(visitor.navigate(host, "/").location());
    return visitor.portal(visitor.signIn(provider, visitor.portal(open).location()).location());
  }

  @Test
  @DisplayName("a guest who controls gets the owner's password; a changed role needs a new pass")
  void control() {
    browser.open(provider, host);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    double before = disconnects();
    desktop("base", "[{user: bob@example.com, role: control}]");
    await().atMost(Duration.ofSeconds(2)).until(() -> browser.webSocket(host).status() == 401);
    await().atMost(Duration.ofSeconds(2)).until(() -> disconnects() > before);
    String again = browser.portal(TestGate.path(browser.navigate(host, "/").location())).location();
    assertThat(browser.navigate(host, TestGate.path(again)).location())
        .isEqualTo("https://" + host + "/");
    assertThat(browser.webSocket(host).header("Authorization")).contains(basic("owner"));
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
    desktop("base", "[]");
    await().atMost(Duration.ofSeconds(2)).until(() -> browser.webSocket(host).status() == 403);
    await().atMost(Duration.ofSeconds(2)).until(() -> disconnects() > before);
    assertThat(browser.navigate(host, "/").body()).contains("shares this desktop with you no more");
    await().until(() -> visitors().isEmpty());
    assertThat(browser.portal("/").body()).doesNotContain(name);
  }

  @Test
  @DisplayName("a share ends at its time, without any change of the session")
  void until() {
    Instant end = Instant.now().plusSeconds(3);
    desktop("base", "[{user: bob@example.com, role: view, until: '%s'}]".formatted(end));
    await()
        .until(() ->
            api.get(ApiClient.token(provider, BOB), "/api/v1/shared")
                .body()
                .contains(end.toString()));
    browser.open(provider, host);
    assertThat(browser.webSocket(host).status()).isEqualTo(200);
    double before = disconnects();
    await()
        .atMost(Duration.between(Instant.now(), end).plusSeconds(2))
        .until(() -> browser.webSocket(host).status() == 403);
    assertThat(Instant.now()).isAfterOrEqualTo(end);
    await().atMost(Duration.ofSeconds(2)).until(() -> disconnects() > before);
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
    desktop("base", "[]");
    await().atMost(Duration.ofSeconds(2)).until(() -> disconnects() > before);
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
    desktop("kasm", "[{user: bob@example.com, role: control}]");
    await().until(() -> openAt(browser).status() == 403);
    assertThat(api.get(ApiClient.token(provider, BOB), "/api/v1/shared").body())
        .doesNotContain(name);
  }

  @Test
  @DisplayName("an admin watches by the portal; the owner sees it, and there is an Event")
  void adminWatches() {
    as("root@example.com", "admins");
    assertThat(openAt(browser).status()).as("without saying so").isEqualTo(403);
    Answer ticket = browser.portal(TestGate.path(browser.navigate(host, "/.vdi/watch").location()));
    assertThat(ticket.status()).as(ticket.body()).isEqualTo(303);
    assertThat(browser.navigate(host, TestGate.path(ticket.location())).location())
        .endsWith("/#shared");
    assertThat(browser.webSocket(host).header("Authorization")).contains(basic("view"));
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
      String open = TestGate.path(forbidden.navigate(host, "/.vdi/watch").location());
      String back = forbidden.signIn(provider, forbidden.portal(open).location()).location();
      assertThat(back).contains("watch=1");
      assertThat(forbidden.portal(back).status()).isEqualTo(403);
      forbidden.cookies(host).putAll(browser.cookies(host));
      assertThat(forbidden.webSocket(host).status()).isEqualTo(403);
    }
  }

  @Test
  @DisplayName("a user who is no admin and no guest watches nothing")
  void nobody() {
    as("carol@example.com", "staff");
    String open = TestGate.path(browser.navigate(host, "/.vdi/watch").location());
    String back = browser.signIn(provider, browser.portal(open).location()).location();
    assertThat(browser.portal(back).status()).isEqualTo(403);
  }

  @Test
  @DisplayName("a guest cannot start a desktop that sleeps")
  void asleep() {
    server.put(
        ResourceType.SESSION,
        """
        {metadata: {name: %1$s, namespace: desks, uid: uid-%1$s},
         spec: {user: alice@example.com, template: base, suspended: true, shares: [{user: %2$s}]},
         status: {phase: Suspended, url: 'https://%1$s.example.com'}}
        """
            .formatted(name, BOB));
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
