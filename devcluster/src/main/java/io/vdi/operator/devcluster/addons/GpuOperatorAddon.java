package io.vdi.operator.devcluster.addons;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;

/** The objects of NVIDIA's GPU operator in the API server, without its programs. */
public final class GpuOperatorAddon {
  /** The path of its ClusterPolicy. */
  public static final String POLICY = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy";

  private GpuOperatorAddon() {}

  /** Creates its CRD, its namespace and a new policy that names no configuration. */
  public static void install(KubeClient api) {
    Manifests.apply(
        api,
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: clusterpolicies.nvidia.com}
        spec:
          group: nvidia.com
          scope: Cluster
          names: {kind: ClusterPolicy, plural: clusterpolicies, singular: clusterpolicy}
          versions:
            - name: v1
              served: true
              storage: true
              schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: gpu-operator}}
        """);
    Manifests.awaitCrds(api, "nvidia.com/v1", List.of("clusterpolicies"));
    api.request("DELETE", POLICY, null);
    api.request(
            "POST",
            "/apis/nvidia.com/v1/clusterpolicies",
            Manifests.parse(
                    "{apiVersion: nvidia.com/v1, kind: ClusterPolicy,"
                        + " metadata: {name: cluster-policy}, spec: {devicePlugin: {enabled: true}}}")
                .getFirst())
        .orElseThrow();
  }
}
