package io.vdi.operator.devcluster;

import io.vdi.operator.common.kube.KubeApi;
import java.util.List;

/** What of NVIDIA's GPU operator is seen by the API server. */
public final class GpuOperator {
  /** Where its policy is. */
  public static final String POLICY = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy";

  private GpuOperator() {}

  /** Its CRD and namespace, and a fresh policy that names no configuration. */
  public static void install(KubeApi api) {
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
    Manifests.awaitDefinitions(api, "nvidia.com/v1", List.of("clusterpolicies"));
    api.raw("DELETE", POLICY, null);
    api.raw(
            "POST",
            "/apis/nvidia.com/v1/clusterpolicies",
            Manifests.parse(
                    "{apiVersion: nvidia.com/v1, kind: ClusterPolicy,"
                        + " metadata: {name: cluster-policy}, spec: {devicePlugin: {enabled: true}}}")
                .getFirst())
        .orElseThrow();
  }
}
