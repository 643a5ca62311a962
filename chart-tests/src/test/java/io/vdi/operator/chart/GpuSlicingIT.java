package io.vdi.operator.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * gpu/configure_gpu_slicing.sh against the real API server. The nodes are without kubelets; the
 * test plays the device plugin, and reads the configuration that it plays from the cluster.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GpuSlicingIT {
  private static final Path GPU = Path.of("../gpu");
  private static final String MAP =
      "/api/v1/namespaces/gpu-operator/configmaps/time-slicing-config";

  /** How often the played device plugin looks at its configuration. */
  private static final Duration PACE = Duration.ofMillis(200);

  private record Run(int status, String output) {}

  private final Cluster cluster;
  private final KubeClient api;
  private Thread plugin;

  @TempDir Path folder;

  GpuSlicingIT(Cluster cluster, KubeClient api) {
    this.cluster = cluster;
    this.api = api;
  }

  @BeforeEach
  void install() {
    assumeTrue(cluster instanceof EmbeddedCluster, "its kubectl is used");
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Node
        metadata:
          name: gpu-one
          labels: {nvidia.com/gpu.present: "true", nvidia.com/gpu.count: "1"}
        ---
        apiVersion: v1
        kind: Node
        metadata:
          name: gpu-two
          labels:
            nvidia.com/gpu.present: "true"
            nvidia.com/gpu.count: "2"
            nvidia.com/device-plugin.config: big
        """);
    api.request("DELETE", MAP, null);
    GpuOperatorAddon.install(api);
    plugDevices();
  }

  @AfterEach
  void stop() {
    if (plugin != null) {
      plugin.interrupt();
    }
    for (String node : List.of("gpu-one", "gpu-two")) {
      api.request("DELETE", "/api/v1/nodes/" + node, null);
    }
  }

  @Test
  void oneGpuBecomesEightAndTheOtherKeyIsForTheNodesThatNameIt() throws Exception {
    Run run = configure("--replicas", "8", "--config", "big=3", "--timeout", "60");
    assertEquals(0, run.status(), run.output());
    assertTrue(run.output().contains("gpu-one: 1 x 8 = 8"), run.output());
    assertTrue(run.output().contains("gpu-two: 2 x 3 = 6"), run.output());
    assertEquals("8", allocatable("gpu-one"));
    Run again = configure("--replicas", "8", "--config", "big=3", "--timeout", "60");
    assertEquals(0, again.status(), again.output());
  }

  @Test
  void theDefaultsAreTheManifestsBesideIt() throws Exception {
    assertEquals(0, configure("--config", "big=8", "--timeout", "60").status());
    JsonObject file =
        Manifests.parse(Files.readString(GPU.resolve("time-slicing-config.yaml"))).getFirst();
    assertEquals(
        file.getAsJsonObject("data").get("any"),
        api.request("GET", MAP, null).orElseThrow().getAsJsonObject("data").get("any"));
    assertEquals(
        Manifests.parse(Files.readString(GPU.resolve("cluster-policy-patch.yaml")))
            .getFirst()
            .getAsJsonObject("spec")
            .getAsJsonObject("devicePlugin")
            .get("config"),
        policyConfig());
  }

  @Test
  void whereANodeDoesNotFollowAllIsPutBack() throws Exception {
    Manifests.apply(
        api,
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: time-slicing-config, namespace: gpu-operator}, data: {any: before, other: kept}}");
    api.request(
            "PUT",
            GpuOperatorAddon.POLICY,
            withConfig("{\"name\": \"time-slicing-config\", \"default\": \"other\"}"))
        .orElseThrow();
    plugin.interrupt();
    plugin.join();
    Run run = configure("--config", "big=2", "--timeout", "3");
    assertEquals(1, run.status(), run.output());
    assertTrue(run.output().contains("gpu-one: offers 0, should offer 1 x 8 = 8"), run.output());
    assertEquals(
        "{\"any\":\"before\",\"other\":\"kept\"}",
        api.request("GET", MAP, null).orElseThrow().get("data").toString());
    assertEquals("other", policyConfig().get("default").getAsString());
  }

  @Test
  void whereNothingWasBeforeNothingIsLeft() throws Exception {
    plugin.interrupt();
    plugin.join();
    Run run = configure("--timeout", "1");
    assertEquals(1, run.status(), run.output());
    assertTrue(api.request("GET", MAP, null).isNotFound());
    assertTrue(policyConfig() == null || policyConfig().isEmpty(), String.valueOf(policyConfig()));
  }

  @Test
  void aDryRunChangesNothing() throws Exception {
    Run run = configure("--dry-run");
    assertEquals(0, run.status(), run.output());
    assertTrue(run.output().contains("replicas: 8"), run.output());
    assertTrue(run.output().contains("(server dry run)"), run.output());
    assertTrue(api.request("GET", MAP, null).isNotFound());
    assertTrue(policyConfig() == null);
  }

  @Test
  void everyWrongUseIsNamed() throws Exception {
    assertSays("--replicas \"0\" must be a whole number from 1", "--replicas", "0");
    assertSays("unknown option \"--replica\"", "--replica", "8");
    assertSays("must be KEY=N", "--config", "any=3");
    assertSays("must be a whole number from 1", "--config", "big=x");
    assertSays("namespace nowhere not found", "--namespace", "nowhere");
    api.request("DELETE", GpuOperatorAddon.POLICY, null);
    assertSays("no ClusterPolicy found");
  }

  private void assertSays(String words, String... arguments) throws Exception {
    Run run = configure(arguments);
    assertTrue(run.status() != 0 && run.output().contains(words), run.output());
  }

  private JsonObject withConfig(String config) {
    JsonObject policy = api.request("GET", GpuOperatorAddon.POLICY, null).orElseThrow();
    policy
        .getAsJsonObject("spec")
        .getAsJsonObject("devicePlugin")
        .add("config", JsonParser.parseString(config));
    return policy;
  }

  private JsonObject policyConfig() {
    return api.request("GET", GpuOperatorAddon.POLICY, null)
        .orElseThrow()
        .getAsJsonObject("spec")
        .getAsJsonObject("devicePlugin")
        .getAsJsonObject("config");
  }

  private String allocatable(String node) {
    return api.request("GET", "/api/v1/nodes/" + node, null)
        .orElseThrow()
        .getAsJsonObject("status")
        .getAsJsonObject("allocatable")
        .get("nvidia.com/gpu")
        .getAsString();
  }

  /** As the GPU operator's device plugin: offers each GPU as often as its configuration says. */
  private void plugDevices() {
    plugin =
        Thread.ofVirtual()
            .start(() -> {
              while (!Thread.currentThread().isInterrupted()) {
                JsonObject config = policyConfig();
                if (config != null && config.has("name")) {
                  for (String node : List.of("gpu-one", "gpu-two")) {
                    offer(node, config);
                  }
                }
                LockSupport.parkNanos(PACE.toNanos());
              }
            });
  }

  private void offer(String name, JsonObject config) {
    JsonObject labels =
        api.request("GET", "/api/v1/nodes/" + name, null)
            .orElseThrow()
            .getAsJsonObject("metadata")
            .getAsJsonObject("labels");
    String key =
        labels.has("nvidia.com/device-plugin.config")
            ? labels.get("nvidia.com/device-plugin.config").getAsString()
            : config.get("default").getAsString();
    JsonObject data = api.request("GET", MAP, null).orElseThrow().getAsJsonObject("data");
    if (data.has(key)) {
      int gpus =
          labels.get("nvidia.com/gpu.count").getAsInt() * replicas(data.get(key).getAsString());
      JsonObject node = api.request("GET", "/api/v1/nodes/" + name, null).orElseThrow();
      JsonObject offered = new JsonObject();
      offered.addProperty("nvidia.com/gpu", String.valueOf(gpus));
      node.getAsJsonObject("status").add("capacity", offered);
      node.getAsJsonObject("status").add("allocatable", offered);
      api.request("PUT", "/api/v1/nodes/" + name + "/status", node);
    }
  }

  private static int replicas(String configuration) {
    Object parsed = new Yaml(new SafeConstructor(new LoaderOptions())).load(configuration);
    Matcher replicas = Pattern.compile("replicas=(\\d+)").matcher(String.valueOf(parsed));
    return replicas.find() ? Integer.parseInt(replicas.group(1)) : 1;
  }

  private Run configure(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(GPU.resolve("configure_gpu_slicing.sh").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Path kubectl = ((EmbeddedCluster) cluster).kubectl().getParent();
    builder.environment().merge("PATH", kubectl.toString(), (path, own) -> own + ":" + path);
    builder.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    builder.environment().put("HOME", folder.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }
}
