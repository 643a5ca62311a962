package io.vdi.operator.chart;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.build.DebianPackages;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.operator.Helm;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's coturn with the configuration of the chart, and the credentials that the controller
 * gives a session. All of it on loopback.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CoturnIT {
  private static final Path CHART = Path.of("../charts/vdi-operator");
  private static final String OPERATOR = "vdi-system";
  private static final String LOOPBACK = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private record Credentials(String username, String password) {}

  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;
  private final Path folder;
  private final List<Integer> ports = LoopbackPorts.free(2);
  private ChildProcess relay;
  private ChildProcess peer;
  private String secret;

  CoturnIT(Cluster cluster, KubeClient api, TestNamespace namespace, @TempDir Path folder) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
    this.folder = folder;
  }

  @BeforeAll
  void start() throws IOException {
    assumeTrue(
        DebianPackages.provide("coturn", Path.of("/usr/bin/turnserver")),
        "needs the Debian package coturn");
    String conf = "";
    for (JsonObject object :
        Manifests.parse(
            Helm.offline()
                .template(
                    CHART,
                    OPERATOR,
                    "--set=coturn.enabled=true",
                    "--set=config.turn.host=" + LOOPBACK,
                    "--set=config.turn.port=" + ports.get(0),
                    "--set=coturn.allowedPeers={127.0.0.1}",
                    "--show-only=templates/coturn.yaml"))) {
      if (object.get("kind").getAsString().equals("Secret")) {
        JsonObject data = object.getAsJsonObject("stringData");
        secret = data.has("secret") ? data.get("secret").getAsString() : secret;
        conf = data.has("turnserver.conf") ? data.get("turnserver.conf").getAsString() : conf;
      }
    }
    // Nothing but what a test on one machine wants: its addresses, and files of its own.
    conf =
        conf.replace("pidfile=/tmp/", "pidfile=" + folder + "/")
            + "listening-ip=%1$s\nrelay-ip=%1$s\nallow-loopback-peers\nuserdb=%2$s/turndb\n"
                .formatted(LOOPBACK, folder);
    Path file = Files.writeString(folder.resolve("turnserver.conf"), conf);
    relay = child("turnserver", "-c", file.toString());
    peer = child("turnutils_peer", "-L", LOOPBACK, "-p", String.valueOf(ports.get(1)));
    await("the relay to listen").atMost(PATIENCE).until(() -> listens(ports.get(0)));
  }

  /** One that goes with this JVM, however that ends. */
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
  void theCredentialsOfASessionRelayToPodsAndToNobodyElse() throws Exception {
    Credentials session = sessionCredentials();
    long expires = Long.parseLong(session.username().split(":", 2)[0]);
    assertTrue(Instant.ofEpochSecond(expires).isAfter(Instant.now().plusSeconds(3600)));
    String relayed = client(session, LOOPBACK);
    assertTrue(relayed.contains("Total lost packets 0 (0.000000%)"), relayed);
    assertTrue(relayed.matches("(?s).*tot_send_msgs=[1-9].*"), relayed);

    for (String elsewhere : List.of("10.0.0.1", "192.168.1.1", "169.254.169.254", "8.8.8.8")) {
      String denied = client(session, elsewhere);
      assertTrue(denied.contains("error 403"), elsewhere + ": " + denied);
    }
  }

  @Test
  void expiredAndForgedCredentialsAreRefused() throws Exception {
    assertRefused(signed(Instant.now().minusSeconds(60), secret));
    assertRefused(signed(Instant.now().plusSeconds(3600), "guessed"));
    Credentials good = signed(Instant.now().plusSeconds(60), secret);
    String later = (Instant.now().getEpochSecond() + 999_999) + ":someone";
    assertRefused(new Credentials(later, good.password()));
    String relayed = client(good, LOOPBACK);
    assertTrue(relayed.contains("Total lost packets 0 (0.000000%)"), relayed);
  }

  @Test
  void theSecretIsInNoArgumentAndNoLog() throws IOException {
    String arguments = Files.readString(Path.of("/proc", String.valueOf(relay.pid()), "cmdline"));
    assertTrue(!arguments.contains(secret), arguments);
    assertTrue(!relay.output().contains(secret));
    assertEquals(48, secret.length());
  }

  private void assertRefused(Credentials credentials) throws Exception {
    String answer = client(credentials, LOOPBACK);
    assertTrue(answer.contains("Cannot complete Allocation"), answer);
    String refusal = "Cannot find credentials of user <" + credentials.username() + ">";
    await(refusal).atMost(PATIENCE).until(() -> relay.output().contains(refusal));
  }

  /** As the controller makes them. */
  private Credentials sessionCredentials() throws IOException {
    new ChartInstaller(cluster, CHART, OPERATOR).installController();
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
    try (OperatorProcess controller =
        OperatorProcess.start(
            OperatorService.CONTROLLER.launch(
                Path.of(".."),
                OPERATOR,
                cluster.serviceAccountKubeconfig(
                    OPERATOR,
                    OperatorService.CONTROLLER.account(),
                    folder.resolve("controller.kubeconfig")),
                folder,
                "controller",
                Map.of(
                    "VDI_TURN_HOST", LOOPBACK,
                    "VDI_TURN_PORT", String.valueOf(ports.get(0)),
                    "VDI_TURN_SECRET_FILE", shared.toString()),
                OperatorProcess.JVM_FLAGS))) {
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

  private static Credentials signed(Instant expires, String key) throws GeneralSecurityException {
    String username = expires.getEpochSecond() + ":someone";
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
    byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
    return new Credentials(username, Base64.getEncoder().encodeToString(digest));
  }

  /** A client of the relay that sends a few packets to a peer behind it; what it says. */
  private String client(Credentials credentials, String peerAddress)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "client-", ".txt");
    Process process =
        new ProcessBuilder(
                "turnutils_uclient",
                "-c",
                "-n",
                "5",
                "-m",
                "1",
                "-u",
                credentials.username(),
                "-w",
                credentials.password(),
                "-p",
                String.valueOf(ports.get(0)),
                "-e",
                peerAddress,
                "-r",
                String.valueOf(ports.get(1)),
                LOOPBACK)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.waitFor(15, TimeUnit.SECONDS);
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output);
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
