package io.vdi.operator.e2e.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.e2e.node.OperatorNode;
import io.vdi.operator.e2e.node.SharedNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Credentials;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The plugin as unpacked from its archive and called by kubectl, on a real desktop. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(1)
class CommandsIT {
  private static final String NAME = "carol-desktop";

  private final Path folder;
  private OperatorNode node;
  private Shell shell;

  CommandsIT(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeAll
  void install() {
    node = SharedNode.withDefaults();
    shell = new Shell(node, folder);
    node.template("brief", "resources: {defaultCPU: 400m, defaultMemory: 1Gi, defaultGPU: 0}");
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDISession
        metadata: {name: %s}
        spec: {user: carol@example.com, template: brief, persistence: {enabled: false}}
        """
            .formatted(NAME));
  }

  @AfterAll
  void end() {
    if (shell != null) {
      shell.run("kubectl delete --ignore-not-found vdi " + NAME + " --wait --timeout=60s");
      shell.run("kubectl delete vdit brief");
    }
  }

  @Test
  @Order(1)
  void openWaitsAndPrintsUrlAndCredentials() {
    String output = shell.run("kubectl vdi open " + NAME + " --wait");
    DesktopCredentials credentials = node.credentials(NAME);
    assertThat(output).contains("URL:       https://carol.vdi.example.com\n");
    assertThat(output).contains("User:      ubuntu\nPassword:  " + credentials.password() + "\n");
  }

  @Test
  @Order(2)
  void listsAreTablesJsonAndYaml() {
    String table = shell.run("kubectl vdi list");
    assertThat(table)
        .matches("(?s)NAME +USER +PHASE +URL +ENDS IN +AGE\n.*" + NAME + " .*Running .*");
    JsonObject json =
        JsonParser.parseString(shell.run("kubectl vdi list -o json")).getAsJsonObject();
    assertEquals("VDISessionList", json.get("kind").getAsString());
    assertThat(shell.run("kubectl vdi get " + NAME + " -o yaml")).contains("phase: Running");
    assertThat(shell.run("kubectl vdi get " + NAME)).contains("True, DesktopReady");
    assertThat(shell.run("kubectl vdi templates")).contains("brief");
    String quota = shell.run("kubectl vdi quota");
    assertThat(quota).matches("(?s).*user +carol@example.com +1/unlimited +0/.*");
    await()
        .atMost(SharedNode.PATIENCE)
        .untilAsserted(() ->
            assertThat(shell.run("kubectl vdi usage"))
                .matches("(?s).*carol@example.com +\\d+ +[\\d.]+ +0\n.*"));
    assertEquals(NAME, shell.run("kubectl_complete-vdi get car").lines().findFirst().orElseThrow());
  }

  @Test
  @Order(3)
  void aForwardedPortLeadsToTheDesktop() throws IOException, InterruptedException {
    Path log = folder.resolve("open.log");
    ChildProcess open =
        ChildProcess.start(
            "open",
            List.of(
                "setpriv", "--pdeathsig", "KILL", "kubectl-vdi", "open", NAME, "--port-forward"),
            shell.environment(),
            log);
    try {
      Pattern url = Pattern.compile("URL: +(http://127[.]0[.]0[.]1:\\d+/)");
      await().atMost(SharedNode.PATIENCE).until(() -> url.matcher(Files.readString(log)).find());
      Matcher found = url.matcher(Files.readString(log));
      assertThat(found.find()).as("URL in the output").isTrue();
      DesktopCredentials credentials = node.credentials(NAME);
      String authorization = Credentials.basic(credentials.user(), credentials.password());
      try (HttpClient http = HttpClient.newHttpClient()) {
        HttpRequest page = HttpRequest.newBuilder(URI.create(found.group(1))).build();
        assertEquals(401, http.send(page, HttpResponse.BodyHandlers.discarding()).statusCode());
        HttpRequest known =
            HttpRequest.newBuilder(page.uri()).header("Authorization", authorization).build();
        HttpResponse<String> answer = http.send(known, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode());
        assertThat(answer.body()).contains("<title>Selkies</title>");
      }
    } finally {
      open.kill();
    }
  }

  @Test
  @Order(4)
  void theDoctorWatchesAndPrintsEachChange() throws IOException {
    Path log = folder.resolve("watch.log");
    ChildProcess watch =
        ChildProcess.start(
            "watch",
            List.of(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "kubectl-vdi",
                "doctor",
                NAME,
                "--watch",
                "--interval=1s",
                "--router=" + node.cluster().address(),
                "--certificate-authority=" + node.routerCertificate()),
            shell.environment(),
            log);
    try {
      awaitLine(log, "Nothing found");
      shell.run(
          "kubectl patch service "
              + NAME
              + " --type=merge --patch='{\"spec\": {\"selector\":"
              + " {\"app.kubernetes.io/instance\": \"nobody\"}}}'");
      awaitLine(log, "found: VDI303 service " + NAME);
      shell.run("kubectl delete service " + NAME);
      awaitLine(log, "gone:  VDI303 service " + NAME);
    } finally {
      watch.kill();
    }
  }

  @Test
  @Order(5)
  void aDesktopIsSharedWithAGuestAndByALink() {
    assertThat(shell.run("kubectl vdi share " + NAME + " bob@example.com --for 1h"))
        .contains(NAME + " shared with bob@example.com, role view, until ");
    ClusterException noGate =
        assertThrows(
            ClusterException.class, () -> shell.run("kubectl vdi share " + NAME + " --link"));
    assertThat(noGate).hasMessageContaining("gate.publicUrl is not set: only the gate opens links");
    String output =
        shell.run("kubectl vdi share " + NAME + " --link --portal https://portal.example.com");
    Matcher url =
        Pattern.compile("URL: +https://portal[.]example[.]com/link#(\\S+)\n").matcher(output);
    assertThat(url.find()).as(output).isTrue();
    String user = LinkCode.parse(url.group(1)).orElseThrow().user();
    assertEquals("bob@example.com " + user, guests());
    String unshare = "kubectl vdi unshare " + NAME + " " + user + " -n default";
    assertThat(output).contains(unshare);
    assertThat(shell.run(unshare)).contains("is no longer shared with " + user);
    shell.run("kubectl vdi unshare " + NAME + " bob@example.com");
    assertEquals("", guests());
  }

  private String guests() {
    return shell.run("kubectl get vdi " + NAME + " -o jsonpath='{.spec.shares[*].user}'");
  }

  private static void awaitLine(Path log, String line) {
    await(line).atMost(SharedNode.PATIENCE).until(() -> Files.readString(log).contains(line));
  }

  @Test
  @Order(6)
  void aSessionIsExtendedSuspendedResumedAndDeleted() {
    assertThat(shell.run("kubectl vdi extend " + NAME + " --by 90m"))
        .contains("timeout 8h -> 9h30m, until");
    assertThat(shell.run("kubectl vdi suspend " + NAME + " --wait")).contains(NAME + " suspended");
    assertEquals("Suspended", node.phase(NAME));
    assertThat(shell.run("kubectl vdi suspend " + NAME)).contains("is suspended already");
    assertThat(shell.run("kubectl vdi resume " + NAME + " --wait")).contains(NAME + " resumed");
    assertEquals("Running", node.phase(NAME));
    assertThat(shell.run("kubectl vdi delete " + NAME + " --wait")).contains(NAME + " deleted");
    ClusterException gone =
        assertThrows(ClusterException.class, () -> shell.run("kubectl vdi get " + NAME));
    assertThat(gone)
        .hasMessageContaining("error: there is no session \"" + NAME + "\" in namespace default");
  }

  /** With this AOT mode the JVM exits if it cannot use the cache. */
  @Test
  @Order(7)
  void itStartsFromItsAotCacheInAnyFolder() {
    shell.run("kubectl vdi --version", Map.of("VDI_JAVA_OPTIONS", "-XX:AOTMode=on"));
  }
}
