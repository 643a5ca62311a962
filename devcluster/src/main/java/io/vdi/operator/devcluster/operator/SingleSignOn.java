package io.vdi.operator.devcluster.operator;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.Keycloak;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.PrivateFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
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

  private static final String TRUST_PASSWORD = "changeit";

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
          metadata: {name: vdi-gate-trust, namespace: %1$s}
          data: {trust.p12: %3$s}
          """
              .formatted(namespace, keycloak.gateSecret(), trusted(cluster.authority())));
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
              publicUrl: %s
              oidc: {issuer: "%s", clientId: %s, existingSecret: vdi-gate-oidc}
              jvmFlags:
                - -Djavax.net.ssl.trustStore=/etc/vdi/trust/trust.p12
                - -Djavax.net.ssl.trustStorePassword=%s
              extraVolumes: [{name: trust, secret: {secretName: vdi-gate-trust}}]
              extraVolumeMounts: [{name: trust, mountPath: /etc/vdi/trust, readOnly: true}]
            """
                .formatted(PORTAL, keycloak.issuer(), Keycloak.GATE, TRUST_PASSWORD)));
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

  /** The CA of the cluster as a trust store, in base 64. */
  private static String trusted(ClusterCertificateAuthority authority) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null);
      store.setCertificateEntry(
          "cluster",
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(
                      authority.certificate().getBytes(StandardCharsets.UTF_8))));
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      store.store(file, TRUST_PASSWORD.toCharArray());
      return Base64.getEncoder().encodeToString(file.toByteArray());
    } catch (IOException | GeneralSecurityException e) {
      throw new ClusterException("cannot write the trust store of the gate: " + e, e);
    }
  }
}
