package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import io.vdi.operator.e2e.cli.Shell;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Time slicing on a real kubelet, which learns of eight GPUs through its device plugin API. The
 * device plugin is simulated and reads the same configuration as NVIDIA's.
 */
abstract class SlicingTests {
  @TempDir Path folder;

  @Test
  void eightPodsShareOneGpu() {
    OperatorNode node = SharedNode.get();
    await("the device plugin")
        .atMost(SharedNode.PATIENCE)
        .until(() -> allocatable(node).equals("1"));
    GpuOperatorAddon.install(node.api());
    Shell shell = new Shell(node, folder);
    assertThat(configure(shell, 8)).contains("node-1: 1 x 8 = 8");
    assertEquals("8", allocatable(node));
    List<String> names = IntStream.range(0, 8).mapToObj(i -> "sharer-" + i).toList();
    names.forEach(name ->
        node.apply(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: %s}
            spec:
              terminationGracePeriodSeconds: 0
              nodeSelector: {kubernetes.io/hostname: node-1}
              containers:
                - name: sharer
                  image: localhost/vdi-devcluster/pause:1
                  imagePullPolicy: Never
                  resources: {limits: {nvidia.com/gpu: 1}}
            """
                .formatted(name)));
    await("eight pods on one GPU")
        .atMost(SharedNode.PATIENCE)
        .until(() ->
            names.stream()
                .allMatch(name ->
                    node.kubectl("get", "pod", name, "-o", "jsonpath={.status.phase}")
                        .equals("Running")));
    names.forEach(name -> node.kubectl("delete", "pod", name, "--wait=false"));
    assertThat(shell.run("gpu/configure_gpu_slicing.sh --timeout 60 --sharing mps --replicas 4"))
        .contains("node-1: 1 x 4 = 4");
    assertEquals("4", allocatable(node));
    assertThat(configure(shell, 1)).contains("node-1: 1 x 1 = 1");
    node.kubectl("delete", "crd", "clusterpolicies.nvidia.com");
  }

  private static String configure(Shell shell, int replicas) {
    return shell.run("gpu/configure_gpu_slicing.sh --timeout 60 --replicas " + replicas);
  }

  private static String allocatable(OperatorNode node) {
    JsonObject found = node.api().request("GET", "/api/v1/nodes/node-1", null).orElseThrow();
    JsonObject allocatable = found.getAsJsonObject("status").getAsJsonObject("allocatable");
    return allocatable.has("nvidia.com/gpu") ? allocatable.get("nvidia.com/gpu").getAsString() : "";
  }
}
