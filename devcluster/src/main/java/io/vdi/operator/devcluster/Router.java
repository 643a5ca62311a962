package io.vdi.operator.devcluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Traefik as K3s has it: entry points {@code web} and {@code websecure} on ports 80 and 443 of the
 * node, routes from IngressRoutes. Its certificate is the cluster's own for a whole domain.
 */
final class Router {
  private Router() {}

  /**
   * Starts it on the node.
   *
   * @param domain whose hosts the certificate is for
   */
  static void start(EmbeddedCluster cluster, String domain) {
    Path folder = cluster.folder();
    Authority.Pair pair = cluster.authority().server(domain, List.of("*." + domain), List.of());
    Path certificate = Authority.writePrivate(folder.resolve("router.crt"), pair.certificate());
    Path key = Authority.writePrivate(folder.resolve("router.key"), pair.key());
    Path settings = folder.resolve("router.yaml");
    try {
      Files.writeString(
          settings,
          """
          tls: {stores: {default: {defaultCertificate: {certFile: "%s", keyFile: "%s"}}}}
          """
              .formatted(certificate, key));
    } catch (IOException e) {
      throw new ClusterException("cannot write " + settings, e);
    }
    cluster.runOnNode(
        "traefik",
        List.of(
            GoPrograms.inDefaultCache().traefik().toString(),
            "--entrypoints.web.address=:80",
            "--entrypoints.websecure.address=:443",
            "--entrypoints.websecure.http.tls=true",
            "--providers.kubernetescrd=true",
            "--providers.file.filename=" + settings,
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
            "--log.level=INFO"),
        Map.of("KUBECONFIG", cluster.kubeconfig().toString()));
  }
}
