package io.vdi.operator.devcluster.cluster;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.testing.RbacUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;

/** The three sources of a cluster, chosen by {@code VDI_TEST_CLUSTER}. */
public final class ClusterProvider {
  private static final String VARIABLE = "VDI_TEST_CLUSTER";
  private static final String K3S_IMAGE = "rancher/k3s:v1.36.3-k3s1";

  /** Room for all sessions of a test run. */
  private static final SimulatedNodes.Spec NODES = new SimulatedNodes.Spec(4, 100, 250);

  private ClusterProvider() {}

  /**
   * {@code embedded} (where nothing is said): processes of this machine. {@code existing}: the one
   * of KUBECONFIG. {@code k3s}: a container, where there is Docker; {@code VDI_K3S_IMAGE} names its
   * image.
   */
  public static Cluster open() {
    String source = System.getenv().getOrDefault(VARIABLE, "embedded");
    return switch (source) {
      case "", "embedded" -> {
        Path folder = temporaryFolder();
        yield EmbeddedCluster.start(folder, NODES, RbacUsage.flags(folder));
      }
      case "existing" -> existing();
      case "k3s" -> k3s();
      default ->
          throw new ClusterException(
              VARIABLE + " is \"" + source + "\"; it must be embedded, existing or k3s");
    };
  }

  static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("vdi-devcluster-");
    } catch (IOException e) {
      throw new ClusterException("cannot make a temporary folder: " + e, e);
    }
  }

  private static Cluster existing() {
    String kubeconfig = System.getenv("KUBECONFIG");
    if (kubeconfig == null || kubeconfig.isBlank()) {
      throw new ClusterException(
          VARIABLE + " is \"existing\" and KUBECONFIG is not set: set it to a kubeconfig file");
    }
    return withNodes(Path.of(kubeconfig.split(":", -1)[0]), () -> {});
  }

  private static Cluster k3s() {
    String image = System.getenv().getOrDefault("VDI_K3S_IMAGE", K3S_IMAGE);
    K3sContainer container =
        new K3sContainer(DockerImageName.parse(image).asCompatibleSubstituteFor("rancher/k3s"));
    try {
      container.start();
    } catch (RuntimeException e) {
      container.close();
      throw new ClusterException(
          VARIABLE
              + " is \"k3s\" and the container "
              + image
              + " cannot be started: "
              + e.getMessage(),
          e);
    }
    Path kubeconfig =
        ClusterCertificateAuthority.writePrivate(
            temporaryFolder().resolve("kubeconfig"), container.getKubeConfigYaml());
    return withNodes(
        kubeconfig,
        () -> {
          container.close();
          GoPrograms.deleteTree(kubeconfig.getParent());
        });
  }

  /** A cluster from elsewhere, with simulated nodes beside its own: tests need GPUs. */
  private static Cluster withNodes(Path kubeconfig, Runnable end) {
    Path folder = temporaryFolder();
    SimulatedNodes nodes =
        SimulatedNodes.start(kubeconfig, GoPrograms.inDefaultCache().kwok(), folder, NODES, false);
    return new Cluster() {
      @Override
      public Path kubeconfig() {
        return kubeconfig;
      }

      @Override
      public void close() {
        nodes.close();
        GoPrograms.deleteTree(folder);
        end.run();
      }
    };
  }
}
