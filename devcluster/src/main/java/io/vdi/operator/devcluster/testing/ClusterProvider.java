package io.vdi.operator.devcluster.testing;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.SimulatedNodes;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.PrivateFile;
import java.nio.file.Path;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;

/** The cluster for a test run, chosen by environment variable {@code VDI_TEST_CLUSTER}. */
public final class ClusterProvider {
  private static final String VARIABLE = "VDI_TEST_CLUSTER";
  private static final String K3S_IMAGE = "rancher/k3s:v1.36.3-k3s1";

  /** Large enough for all sessions of a test run. */
  private static final SimulatedNodes.Spec NODES = new SimulatedNodes.Spec(4, 100, 250);

  private ClusterProvider() {}

  /**
   * Opens the cluster: {@code embedded}, the default, starts one from processes on this machine;
   * {@code existing} uses the one of KUBECONFIG; {@code k3s} starts a container, which requires
   * Docker, with the image of {@code VDI_K3S_IMAGE}.
   */
  public static Cluster open() {
    String source = System.getenv().getOrDefault(VARIABLE, "embedded");
    return switch (source) {
      case "", "embedded" -> {
        Path folder = FileTree.temporary("vdi-devcluster-");
        yield EmbeddedCluster.start(folder, NODES, RbacUsage.flags(folder));
      }
      case "existing" -> existing();
      case "k3s" -> k3s();
      default ->
          throw new ClusterException(
              VARIABLE + " is \"" + source + "\"; it must be embedded, existing or k3s");
    };
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
        PrivateFile.write(
            FileTree.temporary("vdi-devcluster-").resolve("kubeconfig"),
            container.getKubeConfigYaml());
    return withNodes(
        kubeconfig,
        () -> {
          container.close();
          FileTree.delete(kubeconfig.getParent());
        });
  }

  /** Adds simulated nodes to a cluster that was started elsewhere, because tests require GPUs. */
  private static Cluster withNodes(Path kubeconfig, Runnable end) {
    Path folder = FileTree.temporary("vdi-devcluster-");
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
        FileTree.delete(folder);
        end.run();
      }
    };
  }
}
