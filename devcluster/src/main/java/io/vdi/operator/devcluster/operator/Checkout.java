package io.vdi.operator.devcluster.operator;

import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The files of a checkout that its development cluster uses and writes.
 *
 * @param root the directory of the checkout
 */
record Checkout(Path root) {
  Path chart() {
    return root.resolve("charts/vdi-operator");
  }

  /** The directory with the archives of the images, {@code <name>.tar}. */
  Path images() {
    return root.resolve("images/target");
  }

  /** The directory with everything that {@code make up} writes. */
  Path state() {
    return root.resolve(".devcluster");
  }

  /** The directory of the cluster, which is deleted with it. */
  Path cluster() {
    return state().resolve("cluster");
  }

  Path kubeconfig() {
    return cluster().resolve("kubeconfig");
  }

  /** The password of the users in Keycloak, while the cluster has one. */
  Path passwordFile() {
    return cluster().resolve("keycloak-password");
  }

  /** Exists while the cluster and the operator are ready. */
  Path readyFile() {
    return state().resolve("ready");
  }

  /** Why the nodes are simulated; empty if containers run on a real node. */
  Optional<String> noContainersReason() {
    return EmbeddedCluster.unsupportedReason()
        .or(() ->
            Files.exists(images().resolve("desktop.tar"))
                ? Optional.empty()
                : Optional.of("the images are missing: run make images"));
  }
}
