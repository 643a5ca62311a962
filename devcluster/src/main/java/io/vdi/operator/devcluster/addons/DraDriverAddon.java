package io.vdi.operator.devcluster.addons;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Map;

/**
 * Simulated GPUs on the node that runs containers, offered by a driver for dynamic resource
 * allocation. They are other GPUs than those of {@link FakeGpusAddon}.
 */
public final class DraDriverAddon {
  /** The name of the driver, and of the DeviceClass with all its devices. */
  public static final String NAME = "gpu.example.com";

  private DraDriverAddon() {}

  /** Creates the DeviceClass, and starts the driver on the node with this number of GPUs. */
  public static void start(EmbeddedCluster cluster, int gpus) {
    KubeClient api = cluster.connect();
    try {
      Manifests.apply(
          api,
          """
          apiVersion: resource.k8s.io/v1
          kind: DeviceClass
          metadata: {name: %s}
          spec: {selectors: [{cel: {expression: "device.driver == '%s'"}}]}
          """
              .formatted(NAME, NAME));
    } finally {
      api.close();
    }
    cluster.runOnNode(
        "dra-driver",
        List.of(
            GoPrograms.inDefaultCache().draDriver().toString(),
            "--driver=" + NAME,
            "--kubelet=" + ContainerNode.KUBELET,
            "--kubeconfig=" + cluster.kubeconfig(),
            "--node=" + ContainerNode.NAME,
            "--gpus=" + gpus),
        Map.of());
  }
}
