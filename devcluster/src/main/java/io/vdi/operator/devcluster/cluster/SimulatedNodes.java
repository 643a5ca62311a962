package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonElement;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.ChildProcess;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * GPU nodes without machines: KWOK simulates their kubelets and the provisioner of StorageClass
 * {@code kwok-volume}. The scheduler that accounts for the GPUs is real. Real nodes of the cluster
 * are not touched.
 */
public final class SimulatedNodes implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final String NODES = "/api/v1/nodes";

  /**
   * How many nodes, and their size.
   *
   * @param gpus GPUs of each node
   * @param pods limit of pods on each node
   */
  public record Spec(int count, int gpus, int pods) {}

  // Unique, because the cluster may already have simulated nodes of another run.
  private final String prefix = "simulated-" + UUID.randomUUID().toString().substring(0, 8) + "-";
  private final Path kubeconfig;
  private final Spec spec;
  private final ChildProcess kwok;

  private SimulatedNodes(Path kubeconfig, Spec spec, ChildProcess kwok) {
    this.kubeconfig = kubeconfig;
    this.spec = spec;
    this.kwok = kwok;
  }

  /**
   * Returns when the nodes are ready.
   *
   * @param kwok directory with KWOK, see {@link GoPrograms#kwok}
   * @param folder directory for the log
   * @param defaultClass whether {@code kwok-volume} becomes the cluster's default StorageClass
   */
  public static SimulatedNodes start(
      Path kubeconfig, Path kwok, Path folder, Spec spec, boolean defaultClass) {
    ChildProcess process =
        ChildProcess.start(
            "kwok",
            ChildProcess.inBackground(
                List.of(
                    kwok.resolve("kwok").toString(),
                    "--kubeconfig=" + kubeconfig,
                    "--config=" + kwok.resolve("stages.yaml"),
                    "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                    "--node-lease-duration-seconds=40",
                    "--cidr=10.244.0.0/14")),
            Map.of("HOME", folder.toString()),
            folder.resolve("kwok.log"));
    SimulatedNodes nodes = new SimulatedNodes(kubeconfig, spec, process);
    KubeClient api = Cluster.connect(kubeconfig);
    try {
      String storageClass = Files.readString(kwok.resolve("storage-class.yaml"));
      Manifests.apply(
          api,
          defaultClass
              ? storageClass
              : storageClass.replace("is-default-class: \"true\"", "is-default-class: \"false\""));
      for (int i = 0; i < spec.count(); i++) {
        Manifests.apply(api, nodes.manifest(nodes.prefix + i));
      }
      Progress.await(
          () -> spec.count() + " simulated nodes to be ready",
          START,
          () -> {
            process.requireAlive();
            return nodes.ready(api) == spec.count()
                && api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default", null)
                    .ok()
                    .isPresent();
          });
      return nodes;
    } catch (IOException e) {
      process.kill();
      throw new ClusterException("cannot read KWOK's manifests", e);
    } catch (RuntimeException e) {
      process.kill();
      throw e;
    } finally {
      api.close();
    }
  }

  /** Deletes the nodes from the cluster and stops KWOK. */
  @Override
  public void close() {
    KubeClient api = Cluster.connect(kubeconfig);
    for (int i = 0; i < spec.count(); i++) {
      api.request("DELETE", NODES + "/" + prefix + i, null);
    }
    api.close();
    kwok.close();
  }

  /** Kills KWOK; for a cluster that is deleted as well. */
  void kill() {
    kwok.kill();
  }

  private long ready(KubeClient api) {
    return api
        .request("GET", NODES, null)
        .ok()
        .map(list -> list.getAsJsonArray("items").asList())
        .orElse(List.of())
        .stream()
        .map(JsonElement::toString)
        .filter(node -> node.contains(prefix) && node.contains("\"reason\":\"KubeletReady\""))
        .count();
  }

  private String manifest(String name) {
    String resources =
        "{cpu: 10k, memory: 40Ti, pods: %d, nvidia.com/gpu: %d, ephemeral-storage: 1Ti}"
            .formatted(spec.pods(), spec.gpus());
    return """
    apiVersion: v1
    kind: Node
    metadata:
      name: %1$s
      annotations: {kwok.x-k8s.io/node: fake, node.alpha.kubernetes.io/ttl: "0"}
      labels:
        kubernetes.io/hostname: %1$s
        kubernetes.io/os: linux
        vdi.devcluster/simulated: "true"
    status:
      capacity: %2$s
      allocatable: %2$s
    """
        .formatted(name, resources);
  }
}
