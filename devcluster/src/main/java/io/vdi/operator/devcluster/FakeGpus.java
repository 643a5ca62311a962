package io.vdi.operator.devcluster;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * GPUs of the node that are not there: a device plugin by the kubelet's own API, which offers them
 * as often as the time-slicing configuration in the cluster says.
 */
final class FakeGpus {
  private FakeGpus() {}

  /** Starts the plugin on the node. */
  static void start(EmbeddedCluster cluster, int gpus) {
    cluster.runOnNode(
        "device-plugin",
        List.of(
            GoPrograms.inDefaultCache().devicePlugin().toString(),
            "--folder=" + Path.of(RealNode.KUBELET, "device-plugins"),
            "--kubeconfig=" + cluster.kubeconfig(),
            "--node=" + RealNode.NAME,
            "--gpus=" + gpus),
        Map.of());
  }
}
