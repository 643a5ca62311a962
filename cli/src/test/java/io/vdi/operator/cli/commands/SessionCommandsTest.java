package io.vdi.operator.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.model.LinkCode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands for one session. */
class SessionCommandsTest {
  private static final String ALICE = FakeCluster.session("alice");
  private static final String CONFIG = "/api/v1/namespaces/vdi-system/configmaps/vdi-config";
  private static final String SECRET = FakeCluster.core("secrets", "vdi-auth-alice");
  private static final Instant STARTED = Instant.parse("2026-01-01T11:00:00Z");

  private final CommandRunner cli;

  SessionCommandsTest(@TempDir Path folder) {
    cli = new CommandRunner(folder);
  }

  @BeforeEach
  void session() {
    session("Running", "");
    cli.server
        .put(FakeCluster.template("ubuntu"), "spec: {image: i, timeout: 10h}")
        .put(SECRET, "data: {password: c2VjcmV0}");
  }

  @AfterEach
  void close() {
    cli.close();
  }

  private void session(String phase, String message) {
    cli.server.put(
        ALICE,
        """
        metadata:
          uid: u1
          generation: 2
          resourceVersion: "7"
          creationTimestamp: "2026-01-01T10:00:00Z"
        spec: {user: alice@example.com, template: ubuntu, suspended: %s}
        status:
          phase: %s
          message: "%s"
          observedGeneration: 2
          startTime: "%s"
          url: https://alice.vdi.example.com
          conditions:
            - {type: Ready, status: "True", reason: DesktopReady, message: ready}
            - {type: StorageReady, status: "False", reason: NotBound, message: "%s"}
        """
            .formatted(phase.equals("Suspended"), phase, message, STARTED, message));
  }

  @Test
  void getPrintsFieldsAndConditions() {
    CommandRunner.Result result = cli.run("get", "alice");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .contains(
            "Name:              team-a/alice\n",
            "User:              alice@example.com\n",
            "Phase:             Running\n",
            "URL:               https://alice.vdi.example.com\n",
            "Ready:             True, DesktopReady: ready\n",
            "StorageReady:      False, NotBound\n")
        .doesNotContain("Message:", "Ends:", "Remedy:");
  }

  @Test
  void getPrintsTheRemedyOfAKnownCause() {
    session("Pending", "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. [VDI201]");
    assertThat(cli.run("get", "alice").out())
        .contains(
            "Message:           0/3 nodes", "Remedy:  ", "kubectl vdi doctor alice -n team-a");
  }

  @Test
  void getPrintsTheObject() {
    assertThat(cli.run("get", "alice", "-o", "yaml").out())
        .contains("spec:\n  user: alice@example.com\n");
    assertThat(cli.run("get", "alice", "-o", "json").out()).contains("\"resourceVersion\": \"7\"");
  }

  @Test
  void aMissingSessionExitsWith1() {
    CommandRunner.Result result = cli.run("get", "bob");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).isEqualTo("error: there is no session \"bob\" in namespace team-a\n");
  }

  @Test
  void openThroughTheGatePrintsNoPassword() {
    String route = "/apis/traefik.io/v1alpha1/namespaces/team-a/ingressroutes/alice";
    cli.server.put(route, "metadata: {annotations: {vdi.kasm.io/access-mode: gate}}");
    assertThat(cli.run("open", "alice").out())
        .isEqualTo("URL:       https://alice.vdi.example.com\n");
    cli.server.put(route, "spec: {}");
    assertThat(cli.run("open", "alice").out()).contains("Password:  secret");
    cli.server.reject("GET " + route, 403, "no");
    cli.server.reject(
        "GET /apis/networking.k8s.io/v1/namespaces/team-a/ingresses/alice", 403, "no");
    String config = "/api/v1/namespaces/vdi-system/configmaps/vdi-config";
    cli.server.put(config, "{data: {controller.yaml: 'access: {mode: gate}'}}");
    assertThat(cli.run("open", "alice").out()).doesNotContain("Password");
    cli.server.put(config, "{data: {controller.yaml: 'access: {mode: basic}'}}");
    assertThat(cli.run("open", "alice").out()).contains("Password:  secret");
  }

  @Test
  void openWithoutPermissionsAsksTheAddressOfTheDesktop() throws Exception {
    cli.server.reject(
        "GET /apis/traefik.io/v1alpha1/namespaces/team-a/ingressroutes/alice", 403, "no");
    cli.server.reject(
        "GET /apis/networking.k8s.io/v1/namespaces/team-a/ingresses/alice", 403, "no");
    cli.server.reject("GET /api/v1/namespaces/vdi-system/configmaps/vdi-config", 403, "no");
    try (MockWebServer router = new MockWebServer()) {
      router.start();
      String url = "http://127.0.0.1:" + router.getPort();
      cli.server.get(ALICE).getAsJsonObject("status").addProperty("url", url);
      router.enqueue(
          new MockResponse.Builder()
              .code(303)
              .addHeader("Location", "https://portal.example.com/open?target=x")
              .build());
      assertThat(cli.run("open", "alice").out()).isEqualTo("URL:       " + url + "\n");
      router.enqueue(
          new MockResponse.Builder()
              .code(401)
              .addHeader("WWW-Authenticate", "Basic realm=\"x\"")
              .build());
      assertThat(cli.run("open", "alice").out()).contains("Password:  secret");
    }
  }

  @Test
  void openPrintsUrlUserAndPassword() {
    CommandRunner.Result result = cli.run("open", "alice");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .isEqualTo(
            """
            URL:       https://alice.vdi.example.com
            User:      ubuntu
            Password:  secret
            """);
    assertThat(result.err()).isEmpty();
  }

  @Test
  void openWarnsIfTheDesktopDoesNotRun() {
    session("Suspended", "");
    assertThat(cli.run("open", "alice").err())
        .isEqualTo("warning: the session is Suspended; to start it: kubectl vdi resume alice\n");
    session("Failed", "");
    assertThat(cli.run("open", "alice").err())
        .isEqualTo("warning: the session is Failed; use --wait, or kubectl vdi doctor alice\n");
  }

  @Test
  void openFailsWithoutPermissionOrPassword() {
    cli.server.reject("GET " + SECRET, 403, "secrets is forbidden");
    assertThat(cli.run("open", "alice"))
        .isEqualTo(
            new CommandRunner.Result(
                1,
                "",
                "error: secrets is forbidden; only alice@example.com gets access to this Secret:"
                    + " identity.prefix and identity.users must name your Kubernetes user, and"
                    + " access.sessionRoles must be true\n"));
  }

  @Test
  void openWaitsForAccessToTheSecretOfADesktopThatHasJustStarted() {
    JsonObject secret = cli.server.get(SECRET);
    AtomicInteger requests = new AtomicInteger();
    cli.server.handle(
        "GET " + SECRET,
        body ->
            requests.incrementAndGet() < 3
                ? FakeCluster.rejection(403, "secrets is forbidden")
                : FakeCluster.json(200, secret));
    cli.server.time(STARTED.plusSeconds(2));
    assertThat(cli.run("open", "alice").out()).contains("Password:  secret");
    assertThat(requests).hasValue(3);
  }

  @Test
  void openDoesNotWaitForAccessThatTheControllerCannotGive() {
    cli.server.reject("GET " + SECRET, 403, "secrets is forbidden");
    cli.server.time(STARTED.plusSeconds(2));
    cli.server
        .get(ALICE)
        .getAsJsonObject("status")
        .getAsJsonArray("conditions")
        .add(
            JsonParser.parseString(
                "{type: AccessReady, status: 'False', reason: Forbidden, message: 'no Roles here'}"));
    assertThat(cli.run("open", "alice").err())
        .isEqualTo("error: secrets is forbidden; the controller gave no access: no Roles here\n");
  }

  /** The user has the verbs on sessions of one namespace, and the Role for the own Secret. */
  @Test
  void openNeedsNoPermissionToReadTemplates() {
    session("Running", "");
    cli.server.reject("GET " + FakeCluster.template("ubuntu"), 403, "vditemplates is forbidden");
    CommandRunner.Result result = cli.run("open", "alice");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).contains("User:      ubuntu\nPassword:  secret\n");
    assertThat(result.err())
        .isEqualTo(
            "warning: you may not read template ubuntu: if it sets a flavor,"
                + " SELKIES_BASIC_AUTH_USER or a port, use those instead of the defaults\n");
  }

  @Test
  void openWaitsForTheDesktop() {
    session("Creating", "pulling the image");
    CommandRunner.Result result = cli.run("open", "alice", "--wait", "--wait-timeout=1s");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .isEqualTo(
            """
            vdisession/alice: Creating, pulling the image
            error: timed out after 1 s; run kubectl vdi doctor alice
            """);
    session("Running", "");
    assertThat(cli.run("open", "alice", "--wait").err()).isEqualTo("vdisession/alice: Running\n");
  }

  @Test
  void openPortForwardFailsOnAUsedPort() throws Exception {
    try (MockWebServer other = new MockWebServer()) {
      other.start(java.net.InetAddress.getLoopbackAddress(), 0);
      CommandRunner.Result result =
          cli.run("open", "alice", "--port-forward", "--port=" + other.getPort());
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.err()).startsWith("error: cannot listen on port " + other.getPort());
    }
  }

  @Test
  void extendByAddsToTheTimeoutOfTheTemplate() {
    CommandRunner.Result result = cli.run("extend", "alice", "--by", "90m");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .isEqualTo(
            "vdisession/alice extended: timeout 10h -> 11h30m, until 2026-01-01T22:30:00Z\n");
    assertThat(Json.text(cli.server.get(ALICE), "spec", "timeout")).isEqualTo("11h30m");
  }

  @Test
  void extendPostponesTheStopOfTheSchedule() {
    JsonObject spec = cli.server.get(ALICE).getAsJsonObject("spec");
    spec.addProperty("timeout", "900000h");
    spec.add(
        "schedule",
        JsonParser.parseString(
            "[{\"days\": [\"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\", \"Sat\", \"Sun\"],"
                + " \"stop\": \"18:00\", \"timeZone\": \"UTC\"}]"));
    CommandRunner.Result result = cli.run("extend", "alice", "--by", "2h");
    assertThat(result.exitCode()).isZero();
    Instant until = Instant.parse(Json.text(cli.server.get(ALICE), "spec", "awakeUntil"));
    // The session was started before the last stop, which has not been carried out.
    assertThat(until).isBetween(Instant.now().plusSeconds(7100), Instant.now().plusSeconds(7201));
    assertThat(result.out()).endsWith("; its schedule does not stop it before " + until + "\n");
    assertThat(Json.text(cli.server.get(ALICE), "spec", "timeout")).isEqualTo("900000h");
  }

  @Test
  void extendToSetsTheTimeout() {
    assertThat(cli.run("extend", "alice", "--to", "12h").out()).contains("timeout 10h -> 12h");
    assertThat(cli.run("extend", "alice", "--by", "1h", "--to", "12h").exitCode()).isEqualTo(64);
  }

  @Test
  void extendDoesNotShorten() {
    CommandRunner.Result result = cli.run("extend", "alice", "--to", "1h");
    assertThat(result.exitCode()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo(
            "error: --to 1h is shorter than the session's timeout of 10h; to shorten it: kubectl"
                + " edit vdi alice\n");
    assertThat(Json.text(cli.server.get(ALICE), "spec", "timeout")).isEmpty();
  }

  @Test
  void extendReportsAConflict() {
    cli.server.reject("PATCH " + ALICE, 409, "the object has been modified");
    assertThat(cli.run("extend", "alice", "--by", "1h"))
        .isEqualTo(new CommandRunner.Result(1, "", "error: the object has been modified\n"));
  }

  @Test
  void shareAndUnshareChangeTheGuests() {
    assertThat(cli.run("share", "alice", "bob@example.com"))
        .isEqualTo(
            new CommandRunner.Result(
                0, "vdisession/alice shared with bob@example.com, role view\n", ""));
    CommandRunner.Result control =
        cli.run(
            "share",
            "alice",
            "carol@example.com",
            "--role=control",
            "--until=2100-01-01T01:00:00+01:00");
    assertThat(control.out()).endsWith(", role control, until 2100-01-01T00:00:00Z\n");
    assertThat(control.err()).startsWith("warning: carol@example.com acts with the owner's logins");
    assertThat(cli.server.get(ALICE).getAsJsonObject("spec").get("shares"))
        .hasToString(
            "[{\"user\":\"bob@example.com\",\"role\":\"view\"},{\"user\":\"carol@example.com\","
                + "\"role\":\"control\",\"until\":\"2100-01-01T00:00:00Z\"}]");
    cli.run("share", "alice", "BOB@example.com", "--for", "1h");
    assertThat(cli.run("unshare", "alice", "carol@example.com").out())
        .isEqualTo("vdisession/alice is no longer shared with carol@example.com\n");
    assertThat(cli.run("unshare", "alice", "carol@example.com").out())
        .isEqualTo("vdisession/alice is not shared with carol@example.com\n");
    assertThat(cli.server.get(ALICE).getAsJsonObject("spec").getAsJsonArray("shares"))
        .singleElement()
        .satisfies(share ->
            assertThat(Json.text(share.getAsJsonObject(), "user")).isEqualTo("BOB@example.com"));
    assertThat(cli.run("share", "alice", "bob").err())
        .isEqualTo("error: \"bob\" is not an e-mail address, such as bob@example.com\n");
  }

  @Test
  void aLinkIsPrintedOnceAndItsHashIsAGuest() {
    gate("publicUrl: 'https://portal.example.com/', desktops: {links: view}");
    cli.server.time(Instant.parse("2026-01-01T12:00:00Z"));
    CommandRunner.Result result = cli.run("share", "alice", "--link");
    assertThat(result.exitCode()).as(result.err()).isZero();
    Matcher url =
        Pattern.compile("URL: +https://portal[.]example[.]com/link#(\\S+)\n").matcher(result.out());
    assertThat(url.find()).as(result.out()).isTrue();
    LinkCode code = LinkCode.parse(url.group(1)).orElseThrow();
    assertThat(code.sessionUid()).isEqualTo("u1");
    assertThat(result.out())
        .contains(
            "everybody who has it watches this desktop, without an account\n",
            "Ends:       2026-01-01T13:00:00Z\n",
            "To end it:  kubectl vdi unshare alice " + code.user() + " -n team-a\n");
    assertThat(result.err()).contains("shown only now");
    assertThat(cli.server.get(ALICE).getAsJsonObject("spec").get("shares"))
        .hasToString(
            "[{\"user\":\"%s\",\"role\":\"view\",\"until\":\"2026-01-01T13:00:00Z\"}]"
                .formatted(code.user()));
    assertThat(cli.run("share", "alice", "--link", "--until=2026-01-02T12:00:00Z").out())
        .contains("Ends:       2026-01-02T12:00:00Z\n")
        .doesNotContain(code.text());
    assertThat(cli.run("unshare", "alice", code.user()).out())
        .isEqualTo("vdisession/alice is no longer shared with " + code.user() + "\n");
    assertThat(cli.server.get(ALICE).getAsJsonObject("spec").getAsJsonArray("shares")).hasSize(1);
  }

  @Test
  void aLinkThatNobodyCouldOpenIsNotMade() {
    Map<String, String> errors = new LinkedHashMap<>();
    errors.put("publicUrl: 'https://portal.example.com', desktops: {links: off}", "desktops.links");
    errors.put("publicUrl: 'https://portal.example.com'", "desktops.links is not view");
    errors.put("publicUrl: ''", "gate.publicUrl is not set: only the gate opens links");
    errors.forEach((settings, message) -> {
      gate(settings);
      CommandRunner.Result result = cli.run("share", "alice", "--link");
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.err()).contains(message);
    });
    cli.server.remove(CONFIG);
    assertThat(cli.run("share", "alice", "--link").err()).contains("there is no ConfigMap");
    gate("publicUrl: 'https://portal.example.com', desktops: {links: view}");
    cli.server.time(Instant.parse("2026-01-01T12:00:00Z"));
    for (String until : List.of("2026-01-01T12:00:00Z", "2026-01-02T12:00:01Z")) {
      CommandRunner.Result result = cli.run("share", "alice", "--link", "--until", until);
      assertThat(result.exitCode()).isEqualTo(64);
      assertThat(result.err())
          .contains("the end " + until + " of the link must be in the future, and at most 24h");
    }
    assertThat(cli.server.get(ALICE).getAsJsonObject("spec").has("shares")).isFalse();
  }

  @Test
  void aLinkWithoutThePermissionForTheSettingsNeedsTheAddressOfThePortal() {
    cli.server.reject("GET " + CONFIG, 403, "configmaps is forbidden");
    CommandRunner.Result refused = cli.run("share", "alice", "--link");
    assertThat(refused)
        .isEqualTo(
            new CommandRunner.Result(
                1,
                "",
                "error: configmaps is forbidden; gate.publicUrl is there: use --portal with the address"
                    + " of the portal, or make the link in the portal\n"));
    CommandRunner.Result made =
        cli.run("share", "alice", "--link", "--portal", "https://portal.example.com");
    assertThat(made.out()).startsWith("URL:        https://portal.example.com/link#u1.");
    assertThat(made.err())
        .contains("warning: the link lets nobody in unless gate.desktops.links is view");
  }

  private void gate(String settings) {
    cli.server.put(CONFIG, "{data: {gate.yaml: \"gate: {%s}\"}}".formatted(settings));
  }

  @Test
  void suspendAndResumeChangeTheSpec() {
    assertThat(cli.run("suspend", "alice").out()).isEqualTo("vdisession/alice suspended\n");
    assertThat(Json.text(cli.server.get(ALICE), "spec", "suspended")).isEqualTo("true");
    assertThat(cli.run("suspend", "alice").out())
        .isEqualTo("vdisession/alice is suspended already\n");
    assertThat(cli.run("resume", "alice").out()).isEqualTo("vdisession/alice resumed\n");
    assertThat(Json.text(cli.server.get(ALICE), "spec", "suspended")).isEqualTo("false");
    assertThat(cli.run("resume", "alice").out()).isEqualTo("vdisession/alice is resumed already\n");
  }

  @Test
  void suspendWaitsForThePhaseOfTheLatestGeneration() {
    session("Suspended", "");
    assertThat(cli.run("suspend", "alice", "--wait").exitCode()).isZero();
    cli.server.get(ALICE).getAsJsonObject("metadata").addProperty("generation", 3);
    assertThat(cli.run("suspend", "alice", "--wait", "--wait-timeout=1s").exitCode()).isEqualTo(1);
  }

  @Test
  void deleteDeletesTheSessionAndWaits() {
    CommandRunner.Result result = cli.run("delete", "alice", "--wait");
    assertThat(result)
        .isEqualTo(
            new CommandRunner.Result(
                0, "vdisession/alice deleted\n", "vdisession/alice: deleted\n"));
    assertThat(cli.server.has(ALICE)).isFalse();
  }

  @Test
  void deleteDoesNotWaitForANewSessionOfTheSameName() {
    cli.server.handle(
        "DELETE " + ALICE,
        body -> {
          cli.server.get(ALICE).getAsJsonObject("metadata").addProperty("uid", "u2");
          return FakeCluster.json(200, cli.server.get(ALICE));
        });
    assertThat(cli.run("delete", "alice", "--wait").exitCode()).isZero();
  }
}
