package io.vdi.operator.devcluster.operator;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.Keycloak;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.process.PrivateFile;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * Keycloak beside a cluster with a node that runs containers, and what the gate in the cluster
 * needs of it: the secret of its client, the CA of Keycloak's certificate, and the values of the
 * chart.
 */
public final class SingleSignOn {
  /** The address of the portal, behind the cluster's router. */
  public static final URI PORTAL = URI.create("https://portal." + FullCluster.DOMAIN);

  /** Keycloak takes about 450 MiB, two replicas of the gate 150 MiB each. */
  private static final long REQUIRED_MEMORY = 4L << 30;

  private final EmbeddedCluster cluster;
  private final Keycloak keycloak;
  private final Path values;

  private SingleSignOn(EmbeddedCluster cluster, Keycloak keycloak, Path values) {
    this.cluster = cluster;
    this.keycloak = keycloak;
    this.values = values;
  }

  /** Whether this machine has the memory for it beside a cluster. */
  public static boolean hasMemory() {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .anyMatch(available -> available >= REQUIRED_MEMORY);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Starts Keycloak and writes the Secrets.
   *
   * @param namespace of the operator; created if it is missing
   */
  public static SingleSignOn start(EmbeddedCluster cluster, String namespace) {
    Keycloak keycloak = Keycloak.start(cluster, PORTAL);
    KubeClient api = cluster.connect();
    try {
      Manifests.apply(
          api,
          """
          {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
          ---
          apiVersion: v1
          kind: Secret
          metadata: {name: vdi-gate-oidc, namespace: %1$s}
          stringData: {clientSecret: %2$s}
          ---
          apiVersion: v1
          kind: Secret
          metadata: {name: vdi-gate-ca, namespace: %1$s}
          data: {ca.crt: %3$s}
          """
              .formatted(
                  namespace,
                  keycloak.gateSecret(),
                  Base64.getEncoder()
                      .encodeToString(
                          cluster.authority().certificate().getBytes(StandardCharsets.UTF_8))));
    } finally {
      api.close();
    }
    return new SingleSignOn(
        cluster,
        keycloak,
        PrivateFile.write(
            cluster.folder().resolve("gate-values.yaml"),
            """
            gate:
              enabled: true
              publicUrl: %1$s
              # The API server, the webhook and the gate see one identity.
              oidc:
                issuer: "%2$s"
                clientId: %3$s
                existingSecret: vdi-gate-oidc
                caFile: /etc/vdi/ca/ca.crt
                groupsPrefix: "%4$s"
              createNamespaces: true
              extraVolumes: [{name: ca, secret: {secretName: vdi-gate-ca}}]
              extraVolumeMounts: [{name: ca, mountPath: /etc/vdi/ca, readOnly: true}]
            config:
              identity:
                prefix: "%4$s"
                adminGroups: ["system:masters", "system:serviceaccounts:kube-system", "%4$svdi-admins"]
            """
                .formatted(PORTAL, keycloak.issuer(), Keycloak.GATE, Keycloak.PREFIX)));
  }

  public Keycloak keycloak() {
    return keycloak;
  }

  /** A file with the values of the chart that install the gate. */
  public Path values() {
    return values;
  }

  /** A file with the certificate of Keycloak, which browsers must trust. */
  public Path certificate() {
    return certificate(cluster.folder());
  }

  /** The file with the certificate of Keycloak beside the cluster of a folder. */
  static Path certificate(Path clusterFolder) {
    return clusterFolder.resolve("keycloak/tls.crt");
  }
}
