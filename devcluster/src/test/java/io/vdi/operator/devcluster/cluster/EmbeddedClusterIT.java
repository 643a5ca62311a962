package io.vdi.operator.devcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(ClusterExtension.class)
class EmbeddedClusterIT {
  @Test
  void aPodWithGpuRunsOnASimulatedNode(KubeClient api, ClusterExtension.TestNamespace namespace) {
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: cuda}
        spec:
          containers:
            - {name: a, image: none, resources: {limits: {nvidia.com/gpu: 1}}}
        """,
        namespace.name());
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> api.get(ResourceType.POD, namespace.name(), "cuda").orElseThrow().isReady());
  }

  @Test
  void kubectlHasTheVersionOfTheCluster(Cluster cluster) throws Exception {
    if (cluster instanceof EmbeddedCluster embedded) {
      Process kubectl =
          new ProcessBuilder(embedded.kubectl().toString(), "version", "-o", "json")
              .redirectErrorStream(true)
              .start();
      String version = new String(kubectl.getInputStream().readAllBytes());
      assertThat(version).contains("\"gitVersion\": \"" + GoPrograms.KUBERNETES);
    }
  }

  @Test
  void aServiceAccountKubeconfigHasOnlyItsPermissions(
      Cluster cluster, ClusterExtension.TestNamespace namespace, @TempDir Path folder) {
    Path file =
        cluster.serviceAccountKubeconfig(
            namespace.name(), "powerless", folder.resolve("kubeconfig"));
    KubeClient api = Cluster.connect(file);
    assertThat(api.list(ResourceType.POD, namespace.name(), "").failure().orElseThrow().reason())
        .isEqualTo("Forbidden");
    api.close();
  }

  @Test
  void noProcessIsLeftWhenTheParentIsKilled(@TempDir Path folder) throws Exception {
    Path state = folder.resolve("cluster");
    ChildProcess parent =
        ChildProcess.start(
            "parent",
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                state.toString()),
            Map.of("VDI_LOGGING_FORMAT", "text"),
            folder.resolve("parent.log"));
    await()
        .atMost(Duration.ofSeconds(90))
        .until(() -> {
          parent.requireAlive();
          return parent.output().contains("cluster is up");
        });
    List<ProcessHandle> children =
        ProcessHandle.of(parent.pid()).orElseThrow().descendants().toList();
    assertThat(children).as("etcd, three of the control plane, kwok").hasSize(5);
    parent.kill();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
  }

  @Test
  void closingRemovesEverything(@TempDir Path folder) throws IOException {
    Path state = folder.resolve("cluster");
    EmbeddedCluster cluster = EmbeddedCluster.start(state, new SimulatedNodes.Spec(1, 1, 10));
    assertThat(cluster.kubeconfig()).exists();
    assertThat(permissions(cluster.kubeconfig())).isEqualTo("rw-------");
    long pid = cluster.apiServer().pid();
    cluster.close();
    assertThat(state).doesNotExist();
    assertThat(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false))
        .as("the API server runs")
        .isFalse();
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  /** Holds a cluster until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws InterruptedException {
      EmbeddedCluster.start(Path.of(args[0]), new SimulatedNodes.Spec(1, 1, 10));
      System.out.println("cluster is up");
      Thread.currentThread().join();
    }
  }
}
