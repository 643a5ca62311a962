package io.vdi.operator.devcluster.addons;

import io.vdi.operator.devcluster.build.KeycloakBuild;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.TokenIssuer;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.LoopbackPorts;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Keycloak with the realm of {@code keycloak/vdi-realm.json}: alice and bob, carol in the group
 * {@code vdi-admins}, and mallory, whose e-mail address is not verified. Passwords and client
 * secret are random.
 */
public final class Keycloak implements AutoCloseable {
  /** The client ID of the gate. */
  public static final String GATE = "vdi-gate";

  /** The client ID of kubectl: a public client with the device flow and passwords. */
  public static final String KUBECTL = "kubectl";

  /** Before the names of users and groups in the API server. */
  public static final String PREFIX = "oidc:";

  private static final Duration START = Duration.ofMinutes(4);
  private static final String LOOPBACK = "127.0.0.1";

  private final ChildProcess process;
  private final URI address;
  private final String password;
  private final String gateSecret;

  /** How it is started: beside a cluster or by itself. */
  @FunctionalInterface
  private interface Starter {
    ChildProcess start(List<String> command, Map<String, String> environment);
  }

  private Keycloak(Path home, URI address, URI gate, List<String> tls, Starter starter) {
    this.address = address;
    this.password = random();
    this.gateSecret = random();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "start",
                "--optimized",
                "--import-realm",
                "--cache=local",
                "--hostname=" + address,
                "--http-host=" + address.getHost()));
    arguments.addAll(tls);
    this.process =
        starter.start(
            ChildProcess.inBackground(KeycloakBuild.command(home, arguments)),
            Map.of(
                "VDI_PASSWORD",
                password,
                "VDI_GATE_SECRET",
                gateSecret,
                "VDI_GATE_URL",
                gate + ""));
    Progress.await(
        () -> "Keycloak to listen at " + address,
        START,
        () -> {
          process.requireAlive();
          return listens(address);
        });
  }

  /**
   * Starts it on loopback, without TLS.
   *
   * @param gate the public address of the gate; the realm accepts no other redirects
   */
  public static Keycloak start(Path folder, URI gate) {
    Path home = KeycloakBuild.copy(KeycloakBuild.provide(), folder.resolve("keycloak"));
    int port = LoopbackPorts.free(1).getFirst();
    return new Keycloak(
        home,
        URI.create("http://" + LOOPBACK + ":" + port),
        gate,
        List.of("--http-enabled=true", "--http-port=" + port),
        (command, environment) ->
            ChildProcess.start("keycloak", command, environment, folder.resolve("keycloak.log")));
  }

  /**
   * Starts it beside the control plane of a cluster, with a certificate of the cluster's CA. The
   * API server accepts its ID tokens, so that kubectl, the gate and the webhook see one identity.
   * It stops with the cluster.
   */
  public static Keycloak start(EmbeddedCluster cluster, URI gate) {
    Path home = KeycloakBuild.copy(KeycloakBuild.provide(), cluster.folder().resolve("keycloak"));
    int port = cluster.isIsolated() ? 8443 : LoopbackPorts.free(1).getFirst();
    ClusterCertificateAuthority.Pair pair =
        cluster.authority().server("keycloak", List.of(), List.of(cluster.address()));
    Keycloak started =
        new Keycloak(
            home,
            URI.create("https://" + cluster.address() + ":" + port),
            gate,
            List.of(
                "--http-enabled=false",
                "--https-port=" + port,
                "--https-certificate-file="
                    + PrivateFile.write(home.resolve("tls.crt"), pair.certificate()),
                "--https-certificate-key-file="
                    + PrivateFile.write(home.resolve("tls.key"), pair.key())),
            (command, environment) -> cluster.run("keycloak", command, environment));
    cluster.trust(new TokenIssuer(started.issuer(), List.of(KUBECTL, GATE), PREFIX));
    return started;
  }

  /** The URL of the realm. */
  public String issuer() {
    return address + "/realms/vdi";
  }

  /** The password of all users. */
  public String password() {
    return password;
  }

  /** The secret of the client {@link #GATE}. */
  public String gateSecret() {
    return gateSecret;
  }

  private static String random() {
    return new BigInteger(160, new SecureRandom()).toString(36);
  }

  private static boolean listens(URI address) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
