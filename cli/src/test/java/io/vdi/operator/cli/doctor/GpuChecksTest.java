package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GpuChecksTest {
  private static final String POLICY = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy";
  private static final String MAP =
      "/api/v1/namespaces/gpu-operator/configmaps/time-slicing-config";
  private static final String NODE = "/api/v1/nodes/gpu-1";

  private final CheckRunner runner = new CheckRunner();

  @AfterEach
  void close() {
    runner.close();
  }

  private String check(String name) {
    return runner.run(GpuChecks.checks(), name);
  }

  private void policy(String config) {
    runner.fake.put(POLICY, "spec: {devicePlugin: {config: {" + config + "}}}");
  }

  private void replicas(int replicas) {
    replicas("timeSlicing", replicas);
  }

  private void replicas(String sharing, int replicas) {
    runner.fake.put(
        MAP,
        """
        data:
          any: |
            sharing: {%s: {resources: [{name: nvidia.com/gpu, replicas: %d}]}}
        """
            .formatted(sharing, replicas));
  }

  private void node(int physical, int allocatable, String labels) {
    runner.fake.put(
        NODE,
        """
        metadata: {labels: {nvidia.com/gpu.count: "%d", %s}}
        status: {allocatable: {nvidia.com/gpu: "%d"}}
        """
            .formatted(physical, labels, allocatable));
  }

  @Test
  void withoutGpuOperatorTheChecksAreSkipped() {
    assertThat(check("slicing")).isEqualTo("skipped: NVIDIA's GPU operator has no ClusterPolicy");
  }

  @Test
  void timeSlicingIsOptional() {
    policy("");
    node(2, 2, "a: b");
    assertThat(check("slicing")).isEqualTo("ok: not configured: GPUs are not shared");
    assertThat(check("capacity")).isEqualTo("ok: gpu-1 2 x 1 = 2");
    assertThat(check("labels")).isEqualTo("ok: match the time slicing");
  }

  @Test
  void aConfigMapThatNoPolicyReferencesIsReported() {
    policy("");
    replicas(4);
    assertThat(check("slicing"))
        .isEqualTo(
            "VDI204 clusterpolicy cluster-policy: spec.devicePlugin.config.name is empty, but"
                + " ConfigMap time-slicing-config exists");
  }

  @Test
  void aMissingConfigMapOrKeyIsReported() {
    policy("name: time-slicing-config, default: any");
    assertThat(check("slicing"))
        .isEqualTo(
            "VDI203 configmap time-slicing-config in gpu-operator: it does not exist, and"
                + " clusterpolicy cluster-policy references it");
    replicas(4);
    node(2, 8, "nvidia.com/device-plugin.config: other");
    assertThat(check("slicing"))
        .isEqualTo(
            "VDI203 configmap time-slicing-config in gpu-operator: it has no key other, which node"
                + " gpu-1 uses");
  }

  @Test
  void aNodeWithoutAKeyIsReported() {
    policy("name: time-slicing-config");
    replicas(4);
    node(2, 8, "a: b");
    assertThat(check("slicing"))
        .isEqualTo(
            "VDI204 clusterpolicy cluster-policy: spec.devicePlugin.config.default is empty, and"
                + " node gpu-1 has no label nvidia.com/device-plugin.config");
  }

  @Test
  void theCapacityIsPhysicalGpusTimesReplicas() {
    policy("name: time-slicing-config, default: any");
    replicas(4);
    node(2, 8, "a: b");
    assertThat(check("slicing")).isEqualTo("ok: configured by ConfigMap time-slicing-config");
    assertThat(check("capacity")).isEqualTo("ok: gpu-1 2 x 4 = 8");
    node(2, 2, "a: b");
    assertThat(check("capacity"))
        .isEqualTo(
            "VDI205 node gpu-1: allocatable nvidia.com/gpu is 2; physical GPUs x replicas is 2 x 4"
                + " = 8");
  }

  @Test
  void mpsMultipliesTheCapacityAsTimeSlicingDoes() {
    policy("name: time-slicing-config, default: any");
    replicas("mps", 4);
    node(2, 8, "nvidia.com/gpu.product: Tesla-T4");
    assertThat(check("capacity")).isEqualTo("ok: gpu-1 2 x 4 = 8");
    assertThat(check("labels")).isEqualTo("VDI206 node gpu-1: nvidia.com/gpu.product is Tesla-T4");
  }

  @Test
  void theCapacityIsUnknownWithoutNodesOrYaml() {
    policy("name: time-slicing-config, default: any");
    replicas(4);
    assertThat(check("capacity"))
        .isEqualTo("skipped: no node has the labels of GPU feature discovery");
    node(2, 8, "a: b");
    runner.fake.put(MAP, "data: {any: 'a: [b'}");
    assertThat(check("capacity")).startsWith("skipped: the time-slicing configuration is not YAML");
  }

  @Test
  void sharedGpusHaveAProductLabelWithSuffix() {
    policy("name: time-slicing-config, default: any");
    replicas(4);
    node(2, 8, "nvidia.com/gpu.product: Tesla-T4-SHARED");
    assertThat(check("labels")).isEqualTo("ok: match the time slicing");
    node(2, 8, "nvidia.com/gpu.product: Tesla-T4");
    assertThat(check("labels")).isEqualTo("VDI206 node gpu-1: nvidia.com/gpu.product is Tesla-T4");
    replicas(1);
    assertThat(check("labels")).isEqualTo("ok: match the time slicing");
  }
}
