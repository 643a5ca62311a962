package io.vdi.operator.e2e.node;

import static io.vdi.operator.e2e.node.GateUsers.headers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.devcluster.testing.ChaosBudget;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A user signs in at Keycloak in Chromium and reaches the own desktop behind Traefik, without a
 * password of the desktop; docs/specification.md, section 8.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(60)
class GateIT {
  private static final Duration POLL = Duration.ofMillis(50);

  /** Sign-ins of which the times are printed; docs/benchmarks.md. */
  private static final int SIGN_INS = ChaosBudget.COMPLETE ? 10 : 1;

  /** Runs in the desktop: prints a hash of its picture. */
  private static final String PICTURE =
      """
      python3 - <<'END'
      import base64, hashlib, io, os, sys, urllib.request
      from PIL import Image
      user = os.environ.get('SELKIES_BASIC_AUTH_USER', 'ubuntu')
      password = os.environ['SELKIES_BASIC_AUTH_PASSWORD']
      basic = base64.b64encode((user + ':' + password).encode()).decode()
      request = urllib.request.Request(
          'http://127.0.0.1:8080/api/screenshot', headers={'Authorization': 'Basic ' + basic})
      image = Image.open(io.BytesIO(urllib.request.urlopen(request, timeout=5).read()))
      # Without the panel, whose clock changes.
      print(hashlib.sha256(image.crop((0, 0, image.width, image.height - 48)).tobytes()).hexdigest())
      END
      """;

  /** Runs in the desktop: waits for a page and then for its end, and prints the time of the end. */
  private static final String AWAIT_END =
      """
      python3 - <<'END'
      import base64, json, os, time, urllib.request
      user = os.environ.get('SELKIES_BASIC_AUTH_USER', 'ubuntu')
      password = os.environ['SELKIES_BASIC_AUTH_PASSWORD']
      basic = base64.b64encode((user + ':' + password).encode()).decode()
      request = urllib.request.Request(
          'http://127.0.0.1:8080/api/sessions', headers={'Authorization': 'Basic ' + basic})
      def connected():
          pages = json.load(urllib.request.urlopen(request, timeout=5))['sessions']
          return any(page['role'] in ROLES for page in pages)
      until = time.time() + 60
      open('/tmp/waited', 'w').close()
      for expected in (True, False):
          while connected() != expected and time.time() < until:
              time.sleep(0.02)
          open('/tmp/waited', 'a').write('x')
      print(int(time.time() * 1000))
      END
      """;

  private static OperatorNode node;
  private static GateUsers users;
  private static PageClient pages;
  private static LiveDesktop alice;
  private static LiveDesktop bob;

  @BeforeAll
  static void install() {
    node = SharedNode.get();
    assumeTrue(SingleSignOn.hasMemory(), "no memory for Keycloak");
    assumeTrue(Browser.provided(), "no browser");
    users = new GateUsers(node, node.installWithGate("gate.desktops.links=view"));
    pages = new PageClient(node.cluster().address(), node.routerCertificate());
    node.template("gate", "resources: {defaultCPU: 700m, defaultMemory: 2Gi, defaultGPU: 0}");
    alice = LiveDesktop.of(node, pages, "default", "alice");
    bob = LiveDesktop.of(node, pages, "default", "bob");
    String spec = "template: gate, persistence: {enabled: false}";
    alice.session().create(spec);
    bob.session().create(spec + ", resources: {cpu: 200m, memory: 1Gi}");
    for (LiveDesktop each : List.of(alice, bob)) {
      await(each.session().name()).atMost(SharedNode.PATIENCE).until(each::isRunning);
      // The kubelet updates the file with the controller's settings within a minute.
      await("the route of " + each.session().name())
          .atMost(SharedNode.PATIENCE)
          .until(() ->
              node.api()
                  .request(
                      "GET",
                      ResourceType.INGRESS_ROUTE.path("default", each.session().name()),
                      null)
                  .ok()
                  .filter(route -> route.toString().contains("vdi-gate"))
                  .isPresent());
      // The router reads its routes again at most every two seconds.
      await("the router to ask the gate for " + each.session().name())
          .atMost(SharedNode.PATIENCE)
          .until(() -> pages.status(each.address(), GateUsers.NAVIGATION) == 303);
    }
  }

  @AfterAll
  static void end() {
    if (users == null) {
      return;
    }
    node.kubectl("delete", "vdi", "alice", "bob", "--ignore-not-found", "--wait", "--timeout=90s");
    node.kubectl("delete", "vdi", "--namespace=desktops", "--all", "--wait", "--timeout=90s");
    node.kubectl("delete", "namespace", "desktops", "--ignore-not-found", "--wait=false");
    node.kubectl("delete", "vdit", "gate");
    node.kubectl("delete", "rolebinding", "alice-sessions", "--ignore-not-found");
  }

  @Test
  @Order(1)
  @DisplayName("alice signs in at Keycloak and sees her desktop without its password")
  void signIn() {
    List<List<Duration>> runs = new ArrayList<>();
    try (Browser browser = users.browser()) {
      for (int i = 0; i < SIGN_INS; i++) {
        browser.deleteCookies();
        runs.add(signIn(browser));
        browser.leave();
      }
    }
    print(List.of("address to form", "form to page", "page to picture", "form to picture"), runs);
  }

  /** The times from the address to the form, from the form to the page, and to the picture. */
  private static List<Duration> signIn(Browser browser) {
    Instant start = Instant.now();
    browser.open(alice.address());
    browser.awaitForm(SharedNode.PATIENCE);
    assertThat(browser.address().toString()).startsWith(users.signOn().keycloak().issuer());
    Instant form = Instant.now();
    users.fillIn(browser, "alice");
    await("the page of the desktop")
        .atMost(SharedNode.PATIENCE)
        .pollInterval(POLL)
        .until(() -> browser.address().getHost().equals(alice.address().getHost()));
    Instant page = Instant.now();
    assertThat(browser.address().getUserInfo()).isNull();
    browser.awaitPicture(SharedNode.PATIENCE);
    Instant picture = Instant.now();
    return List.of(
        Duration.between(start, form),
        Duration.between(form, page),
        Duration.between(page, picture),
        Duration.between(form, picture));
  }

  private static void print(List<String> parts, List<List<Duration>> runs) {
    for (int part = 0; part < parts.size(); part++) {
      int column = part;
      long[] times = runs.stream().mapToLong(run -> run.get(column).toMillis()).sorted().toArray();
      System.out.printf(
          "%s: p50 %d ms, worst %d ms, n = %d %s%n",
          parts.get(part),
          times[times.length / 2],
          times[times.length - 1],
          times.length,
          Arrays.toString(times));
    }
  }

  @Test
  @Order(2)
  @DisplayName("bob is refused alice's desktop, and alice's cookie opens no other desktop")
  void others() {
    String cookieOfAlice = users.desktopCookie("alice", alice);
    String cookieOfBob;
    try (Browser browser = users.browser()) {
      cookieOfBob = users.desktopCookie(browser, "bob", bob);
      browser.open(alice.address());
      GateUsers.awaitRefusal(browser, "bob");
    }
    URI socketOfAlice = socket(alice);
    // The page of bob's desktop opens a WebSocket to that of alice.
    assertThat(pages.webSocket(socketOfAlice, headers(cookieOfBob, bob))).isEqualTo(403);
    assertThat(pages.webSocket(socketOfAlice, headers(cookieOfBob, alice))).isEqualTo(401);
    assertThat(pages.status(alice.address(), headers(cookieOfBob, bob))).isEqualTo(403);
    // A stolen cookie.
    assertThat(pages.webSocket(socket(bob), headers(cookieOfAlice, bob))).isEqualTo(401);
    assertThat(pages.status(bob.address(), headers(cookieOfAlice, bob))).isEqualTo(401);
    // The same requests with the own cookie.
    assertThat(pages.webSocket(socketOfAlice, headers(cookieOfAlice, alice))).isEqualTo(101);
    assertThat(pages.status(alice.address(), headers(cookieOfAlice, alice))).isEqualTo(200);
    // The password of the desktop opens nothing while the router asks the gate.
    assertThat(alice.page()).isEqualTo(401);
  }

  @Test
  @Order(3)
  @DisplayName("a sign-out ends the stream within two seconds")
  void signOut() throws ExecutionException, InterruptedException {
    try (Browser browser = users.browser();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      signIn(browser);
      browser.newTab();
      browser.open(SingleSignOn.PORTAL);
      Future<String> end = threads.submit(() -> alice.exec(awaitEnd("controller")));
      await("the script in the desktop")
          .atMost(SharedNode.PATIENCE)
          .until(() -> alice.exec("cat /tmp/waited 2>/dev/null || true"), "x"::equals);
      Instant signedOut = Instant.now();
      browser.click("form[action='/signout'] button");
      Instant closed = Instant.ofEpochMilli(Long.parseLong(end.get().strip()));
      Duration took = Duration.between(signedOut, closed);
      System.out.printf("sign-out to the end of the stream: %d ms%n", took.toMillis());
      assertThat(took).isLessThan(Duration.ofSeconds(2));
      browser.open(alice.address());
      browser.awaitForm(SharedNode.PATIENCE);
      // The page of the desktop has reloaded itself meanwhile.
      browser.firstTab();
      browser.awaitForm(SharedNode.PATIENCE);
    }
  }

  /**
   * @param role of the page
   */
  private static String awaitEnd(String role) {
    return "rm -f /tmp/waited\n" + AWAIT_END.replace("ROLES", "['" + role + "']");
  }

  @Test
  @Order(4)
  @DisplayName("no page is refused while the replicas of the gate are deleted in turn")
  void replicas() {
    String cookie = users.desktopCookie("alice", alice);
    Map<Integer, AtomicInteger> answers = new ConcurrentHashMap<>();
    AtomicBoolean stopped = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        threads.execute(() -> {
          while (!stopped.get()) {
            int status = pages.status(alice.address(), headers(cookie, alice));
            answers.computeIfAbsent(status, key -> new AtomicInteger()).incrementAndGet();
          }
        });
      }
      for (String pod : gatePods()) {
        node.kubectl("delete", "-n", OperatorNode.NAMESPACE, pod, "--wait", "--timeout=60s");
        node.kubectl(
            "rollout",
            "status",
            "-n",
            OperatorNode.NAMESPACE,
            "deployment/vdi-gate",
            "--timeout=90s");
      }
      stopped.set(true);
    }
    System.out.println("pages while two replicas of the gate are deleted in turn: " + answers);
    assertThat(answers).containsOnlyKeys(200);
  }

  @Test
  @Order(5)
  @DisplayName("a visit of a desktop that sleeps wakes it and shows the picture")
  void wake() {
    users.allowAliceToEditSessions();
    List<List<Duration>> runs = new ArrayList<>();
    try (Browser browser = users.browser()) {
      signIn(browser);
      for (int i = 0; i < SIGN_INS; i++) {
        browser.leave();
        alice.session().suspend();
        alice.session().awaitPhase(Phase.SUSPENDED);
        Instant visit = Instant.now();
        browser.open(alice.address());
        browser.awaitPicture(SharedNode.PATIENCE);
        runs.add(List.of(Duration.between(visit, Instant.now())));
        assertThat(browser.address().getHost()).isEqualTo(alice.address().getHost());
      }
    }
    print(List.of("visit to picture"), runs);
  }

  @Test
  @Order(6)
  @DisplayName(
      "the keys of a guest who watches change no pixel, and the end of a share is immediate")
  void sharing() throws ExecutionException, InterruptedException {
    await("alice to run").atMost(SharedNode.PATIENCE).until(alice::isRunning);
    try (Browser owner = users.browser();
        Browser guest = users.browser();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      signIn(owner);
      // The terminal that the session starts has the focus.
      owner.click("body");
      owner.type("cat > /tmp/keys\n");
      await("the terminal")
          .atMost(SharedNode.PATIENCE)
          .until(() -> run("test -e /tmp/keys && echo ready || true"), "ready"::equals);
      watchByLink(guest);
      share("{\"user\": \"bob@example.com\", \"role\": \"view\"}");
      openAsGuest(guest);
      assertThat(guest.address().getFragment()).isEqualTo("shared");
      // The page that offers all controls: the desktop itself has to refuse them.
      guest.open(alice.address());
      guest.awaitPicture(SharedNode.PATIENCE);
      String before = run(PICTURE);
      guest.click("body");
      guest.type("guest\n");
      assertThat(guest.script("return fetch('/api/status').then(answer => answer.status)"))
          .isEqualTo("200");
      assertThat(guest.script("return fetch('/api/upload', {method: 'POST'}).then(a => a.status)"))
          .isEqualTo("403");
      assertThat(run(PICTURE)).isEqualTo(before);
      owner.type("owner\n");
      await("the keys of the owner")
          .atMost(SharedNode.PATIENCE)
          .until(() -> run("cat /tmp/keys"), "owner"::equals);
      assertThat(run(PICTURE)).isNotEqualTo(before);
      printRevocation(threads.submit(() -> run(awaitEnd("viewer"))), "view");
      share("{\"user\": \"bob@example.com\", \"role\": \"control\"}");
      openAsGuest(guest);
      String unused = run(PICTURE);
      guest.click("body");
      guest.type("bob\n");
      await("the keys of the guest")
          .atMost(SharedNode.PATIENCE)
          .until(() -> run("cat /tmp/keys"), keys -> keys.endsWith("bob"));
      assertThat(run(PICTURE)).isNotEqualTo(unused);
      owner.leave();
      printRevocation(threads.submit(() -> run(awaitEnd("controller"))), "control");
    }
  }

  /** The output of a command in alice's desktop, without the end of the line. */
  private static String run(String command) {
    return alice.exec(command).strip();
  }

  /** Ends the share, and prints how long the guest's page was open after that. */
  private static void printRevocation(Future<String> end, String role)
      throws ExecutionException, InterruptedException {
    await("the script in the desktop")
        .atMost(SharedNode.PATIENCE)
        .until(() -> run("cat /tmp/waited 2>/dev/null || true"), "x"::equals);
    Instant ended = Instant.now();
    share("");
    Duration took =
        Duration.between(ended, Instant.ofEpochMilli(Long.parseLong(end.get().strip())));
    System.out.printf(
        "end of a share (%s) to the end of the stream: %d ms%n", role, took.toMillis());
    assertThat(took).isLessThan(Duration.ofSeconds(2));
  }

  private static void share(String shares) {
    node.kubectl(
        "patch",
        "vdi",
        "alice",
        "--type=merge",
        "--patch={\"spec\": {\"shares\": [" + shares + "]}}");
  }

  /** Who has a link presses its button, and sees the picture without an account. */
  private static void watchByLink(Browser browser) {
    LinkCode code = LinkCode.of(alice.session().get().uid(), new byte[LinkCode.SECRET_BYTES]);
    share(
        "{\"user\": \"%s\", \"role\": \"view\", \"until\": \"%s\"}"
            .formatted(code.user(), Instant.now().plus(Duration.ofHours(1))));
    await("the gate to know the link")
        .atMost(SharedNode.PATIENCE)
        .until(() -> {
          browser.open(SingleSignOn.PORTAL.resolve("/link#" + code.text()));
          browser.click("form[action='/link'] button");
          return !browser.script("return document.title").contains("not valid");
        });
    GateUsers.awaitHost(browser, alice);
    browser.awaitPicture(SharedNode.PATIENCE);
    assertThat(browser.address().getFragment()).isEqualTo("shared");
    share("");
  }

  private static void openAsGuest(Browser browser) {
    browser.deleteCookies();
    await("the form of the sign-in")
        .atMost(SharedNode.PATIENCE)
        .until(() -> {
          browser.open(alice.address());
          return browser.address().toString().startsWith(users.signOn().keycloak().issuer());
        });
    users.fillIn(browser, "bob");
    GateUsers.awaitHost(browser, alice);
    browser.awaitPicture(SharedNode.PATIENCE);
  }

  @Test
  @Order(7)
  @DisplayName("bob presses Start in the portal and sees a desktop, without kubectl and a password")
  void start() {
    assumeTrue(ChaosBudget.COMPLETE, "runs in make chaos: each start takes a while");
    node.kubectl("delete", "vdi", "alice", "--wait", "--timeout=90s");
    List<List<Duration>> runs = new ArrayList<>();
    try (Browser browser = users.browser()) {
      for (int i = 0; i < SIGN_INS; i++) {
        browser.deleteCookies();
        runs.add(start(browser));
        node.kubectl("delete", "vdi", "--namespace=desktops", "--all", "--wait", "--timeout=90s");
      }
    }
    print(
        List.of("sign-in to portal", "Start to Open", "Open to picture", "Start to picture"), runs);
  }

  private static List<Duration> start(Browser browser) {
    Instant begin = Instant.now();
    browser.open(SingleSignOn.PORTAL.resolve("/signin"));
    users.fillIn(browser, "bob");
    await("the portal")
        .atMost(SharedNode.PATIENCE)
        .pollInterval(POLL)
        .until(() -> browser.address().getHost().equals(SingleSignOn.PORTAL.getHost()));
    Instant portal = Instant.now();
    browser.startInPortal("gate", SharedNode.PATIENCE);
    Instant ready = Instant.now();
    browser.openFromPortal();
    browser.awaitPicture(SharedNode.PATIENCE);
    Instant picture = Instant.now();
    assertThat(browser.address().getHost()).startsWith("bob");
    browser.leave();
    return List.of(
        Duration.between(begin, portal),
        Duration.between(portal, ready),
        Duration.between(ready, picture),
        Duration.between(portal, picture));
  }

  private static List<String> gatePods() {
    return node.kubectl(
            "get",
            "pods",
            "-n",
            OperatorNode.NAMESPACE,
            "--selector=app.kubernetes.io/component=gate",
            "-o",
            "name")
        .lines()
        .toList();
  }

  private static URI socket(LiveDesktop desktop) {
    return desktop.address().resolve("/api/websockets");
  }
}
