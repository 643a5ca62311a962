package io.vdi.operator.devcluster.addons;

import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Simulated GPUs on the node that runs containers: a device plugin that offers each GPU as many
 * times as the time-slicing configuration in the cluster says.
 */
public final class FakeGpusAddon {
  private FakeGpusAddon() {}

  /** Starts the plugin on the node, with this number of GPUs. */
  public static void start(EmbeddedCluster cluster, int gpus) {
    cluster.runOnNode(
        "device-plugin",
        List.of(
            GoPrograms.inDefaultCache().devicePlugin().toString(),
            "--folder=" + Path.of(ContainerNode.KUBELET, "device-plugins"),
            "--kubeconfig=" + cluster.kubeconfig(),
            "--node=" + ContainerNode.NAME,
            "--gpus=" + gpus),
        Map.of());
  }
}
