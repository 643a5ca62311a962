package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.chart.TurnUtilsClient.Credentials;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's coturn with the configuration that the chart renders, and with the credentials that the
 * controller creates for a session. Everything is on loopback.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CoturnIT {
  private static final String OPERATOR = ChartTemplates.NAMESPACE;
  private static final String LOOPBACK = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;
  private final Path folder;
  private final List<Integer> ports = LoopbackPorts.free(2);
  private final TurnUtilsClient client;
  private ChildProcess relay;
  private ChildProcess peer;
  private String secret;

  CoturnIT(Cluster cluster, KubeClient api, TestNamespace namespace, @TempDir Path folder) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
    this.folder = folder;
    this.client = new TurnUtilsClient(LOOPBACK, ports.get(0), ports.get(1), folder);
  }

  @BeforeAll
  void start() throws IOException {
    assumeTrue(
        DebianPackages.provide("coturn", Path.of("/usr/bin/turnserver")),
        "needs the Debian package coturn");
    String conf = "";
    for (JsonObject object :
        ChartTemplates.render(
            "coturn.yaml",
            "coturn.enabled=true",
            "config.turn.host=" + LOOPBACK,
            "config.turn.port=" + ports.get(0),
            "coturn.allowedPeers={127.0.0.1}")) {
      if (object.get("kind").getAsString().equals("Secret")) {
        JsonObject data = object.getAsJsonObject("stringData");
        secret = data.has("secret") ? data.get("secret").getAsString() : secret;
        conf = data.has("turnserver.conf") ? data.get("turnserver.conf").getAsString() : conf;
      }
    }
    // Only addresses and files change: the test runs on loopback and not in a container.
    conf =
        conf.replace("pidfile=/tmp/", "pidfile=" + folder + "/")
            + "listening-ip=%1$s\nrelay-ip=%1$s\nallow-loopback-peers\nuserdb=%2$s/turndb\n"
                .formatted(LOOPBACK, folder);
    Path file = Files.writeString(folder.resolve("turnserver.conf"), conf);
    relay = child("turnserver", "-c", file.toString());
    peer = child("turnutils_peer", "-L", LOOPBACK, "-p", String.valueOf(ports.get(1)));
    await("the relay to listen").atMost(PATIENCE).until(() -> listens(ports.get(0)));
  }

  /** Starts a process that the kernel kills when this JVM ends in any way. */
  private ChildProcess child(String... command) {
    List<String> all = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
    all.addAll(List.of(command));
    return ChildProcess.start(command[0], all, Map.of(), folder.resolve(command[0] + ".log"));
  }

  @AfterAll
  void stop() {
    for (ChildProcess process : new ChildProcess[] {relay, peer}) {
      if (process != null) {
        process.kill();
      }
    }
  }

  @Test
  void theCredentialsOfASessionRelayOnlyToAllowedPeers() throws Exception {
    Credentials session = sessionCredentials();
    long expires = Long.parseLong(session.username().split(":", 2)[0]);
    assertThat(Instant.ofEpochSecond(expires)).isAfter(Instant.now().plusSeconds(3600));
    String relayed = client.send(session, LOOPBACK);
    assertTrue(relayed.contains("Total lost packets 0 (0.000000%)"), relayed);
    assertTrue(relayed.matches("(?s).*tot_send_msgs=[1-9].*"), relayed);

    for (String peer : List.of("10.0.0.1", "192.168.1.1", "169.254.169.254", "8.8.8.8")) {
      String denied = client.send(session, peer);
      assertTrue(denied.contains("error 403"), peer + ": " + denied);
    }
  }

  @Test
  void theRelayOpensNoTcpConnections() throws Exception {
    Credentials good = Credentials.signed(Instant.now().plusSeconds(60), secret, "tcp");
    assertThat(client.run(good, LOOPBACK, "-T", "-m", "1")).contains("error 442");
  }

  @Test
  void oneSessionCannotUseAllAddressesOfTheRelay() throws Exception {
    Credentials greedy = Credentials.signed(Instant.now().plusSeconds(60), secret, "greedy");
    assertThat(client.run(greedy, LOOPBACK, "-c", "-m", "20")).contains("error 486");
    Credentials other = Credentials.signed(Instant.now().plusSeconds(60), secret, "other");
    assertThat(client.send(other, LOOPBACK)).contains("Total lost packets 0 (0.000000%)");
  }

  @Test
  void expiredAndForgedCredentialsAreRejected() throws Exception {
    assertRejected(Credentials.signed(Instant.now().minusSeconds(60), secret));
    assertRejected(Credentials.signed(Instant.now().plusSeconds(3600), "guessed"));
    Credentials good = Credentials.signed(Instant.now().plusSeconds(60), secret);
    String later = (Instant.now().getEpochSecond() + 999_999) + ":someone";
    assertRejected(new Credentials(later, good.password()));
    String relayed = client.send(good, LOOPBACK);
    assertTrue(relayed.contains("Total lost packets 0 (0.000000%)"), relayed);
  }

  @Test
  void theSecretIsNeitherInTheArgumentsNorInTheLog() throws IOException {
    String arguments = Files.readString(Path.of("/proc", String.valueOf(relay.pid()), "cmdline"));
    assertThat(arguments).doesNotContain(secret);
    assertThat(relay.output()).doesNotContain(secret);
    assertEquals(48, secret.length());
  }

  private void assertRejected(Credentials credentials) throws Exception {
    String answer = client.send(credentials, LOOPBACK);
    assertThat(answer).doesNotContain("Total lost packets 0 (0.000000%)");
    String logLine = "Cannot find credentials of user <" + credentials.username() + ">";
    await(logLine).atMost(PATIENCE).until(() -> relay.output().contains(logLine));
  }

  /** Credentials that the controller has created for a session. */
  private Credentials sessionCredentials() throws IOException {
    new ChartInstaller(cluster, ChartTemplates.CHART, OPERATOR).installController();
    RouterAddon.installCrds(cluster);
    Path shared = Files.writeString(folder.resolve("secret"), secret);
    Manifests.apply(
        api,
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDITemplate
        metadata: {name: relayed}
        spec: {image: x, transport: webrtc, persistence: {storageClassName: kwok-volume}}
        """);
    String config =
        "turn: {host: %s, port: %d, secretFile: %s}".formatted(LOOPBACK, ports.get(0), shared);
    try (RunningService controller =
        RunningService.InProcess.start(
            cluster, OperatorService.CONTROLLER, folder, config, Map.of())) {
      controller.awaitReady();
      api.create(
              ResourceType.SESSION,
              namespace,
              Manifests.parse(
                      "{apiVersion: vdi.kasm.io/v1alpha1, kind: VDISession, metadata: {name: caller}, spec: {user: c@example.com, template: relayed}}")
                  .getFirst())
          .orElseThrow();
      String path = "/api/v1/namespaces/" + namespace + "/secrets/vdi-auth-caller";
      await("the session's credentials")
          .atMost(PATIENCE)
          .until(() -> api.request("GET", path, null).ok().isPresent());
      JsonObject data = api.request("GET", path, null).orElseThrow().getAsJsonObject("data");
      return new Credentials(text(data, "turn-username"), text(data, "turn-password"));
    }
  }

  private static String text(JsonObject data, String key) {
    return new String(
        Base64.getDecoder().decode(data.get(key).getAsString()), StandardCharsets.UTF_8);
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
