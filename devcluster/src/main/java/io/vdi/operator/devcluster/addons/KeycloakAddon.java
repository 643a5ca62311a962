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
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Keycloak beside the control plane, with the users of {@code keycloak/vdi-realm.json}: alice and
 * bob, carol in the group {@code vdi-admins}, and mallory, whose e-mail address is not verified.
 * The API server accepts its ID tokens, so that kubectl, the gate and the webhook see one identity.
 *
 * @param issuer the URL of the realm, with a certificate of the cluster's CA
 * @param secrets passwords of the users and secret of the client {@link #GATE}
 */
public record KeycloakAddon(String issuer, KeycloakBuild.Secrets secrets) {
  /** The client ID of the gate. */
  public static final String GATE = "vdi-gate";

  /** The client ID of kubectl: a public client with the device flow and passwords. */
  public static final String KUBECTL = "kubectl";

  /** Before the names of users and groups in the API server. */
  public static final String PREFIX = "oidc:";

  private static final Duration START = Duration.ofMinutes(4);

  /** Returns when Keycloak accepts connections. It stops with the cluster. */
  public static KeycloakAddon start(EmbeddedCluster cluster) {
    Path built = KeycloakBuild.provide();
    Path home = KeycloakBuild.copy(built, cluster.folder().resolve("keycloak"));
    int port = cluster.isIsolated() ? 8443 : LoopbackPorts.free(1).getFirst();
    String address = cluster.address();
    String url = "https://" + address + ":" + port;
    ClusterCertificateAuthority.Pair pair =
        cluster.authority().server("keycloak", List.of(), List.of(address));
    ChildProcess process =
        cluster.run(
            "keycloak",
            ChildProcess.inBackground(
                KeycloakBuild.command(
                    home,
                    List.of(
                        "start",
                        "--optimized",
                        "--cache=local",
                        "--hostname=" + url,
                        "--http-enabled=false",
                        "--http-host=" + address,
                        "--https-port=" + port,
                        "--https-certificate-file="
                            + PrivateFile.write(home.resolve("tls.crt"), pair.certificate()),
                        "--https-certificate-key-file="
                            + PrivateFile.write(home.resolve("tls.key"), pair.key())))),
            Map.of());
    Progress.await(
        () -> "Keycloak to listen at " + url,
        START,
        () -> {
          process.requireAlive();
          return listens(new InetSocketAddress(address, port));
        });
    String issuer = url + "/realms/vdi";
    cluster.trust(new TokenIssuer(issuer, List.of(KUBECTL, GATE), PREFIX));
    return new KeycloakAddon(issuer, KeycloakBuild.secrets(built));
  }

  private static boolean listens(InetSocketAddress address) {
    try (Socket socket = new Socket()) {
      socket.connect(address, 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
