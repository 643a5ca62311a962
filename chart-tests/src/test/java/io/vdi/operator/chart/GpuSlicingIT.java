package io.vdi.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * gpu/configure_gpu_slicing.sh on a real API server. The nodes have no kubelet: the test simulates
 * the device plugin, and reads its configuration from the cluster as the device plugin does.
 */
@ExtendWith(ClusterExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GpuSlicingIT {
  private static final Path GPU = Path.of("../gpu");
  private static final String MAP = SimulatedDevicePlugin.MAP;
  private static final String MAPS = "/api/v1/namespaces/gpu-operator/configmaps/";
  private static final List<String> NODES = List.of("gpu-one", "gpu-two");

  private record Run(int status, String output) {}

  private final Cluster cluster;
  private final KubeClient api;
  private Optional<SimulatedDevicePlugin> plugin = Optional.empty();

  @TempDir Path folder;

  GpuSlicingIT(Cluster cluster, KubeClient api) {
    this.cluster = cluster;
    this.api = api;
  }

  @BeforeEach
  void install() {
    assumeTrue(cluster instanceof EmbeddedCluster, "needs the kubectl of the embedded cluster");
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
    for (String map : List.of("time-slicing-config", "mps-config", "mig-config")) {
      api.request("DELETE", MAPS + map, null);
    }
    GpuOperatorAddon.install(api);
    plugin = Optional.of(SimulatedDevicePlugin.start(api, NODES));
  }

  @AfterEach
  void stop() throws InterruptedException {
    stopDevicePlugin();
    for (String node : NODES) {
      api.request("DELETE", "/api/v1/nodes/" + node, null);
    }
  }

  @Test
  void eachNodeOffersTheReplicasOfItsConfigurationKey() throws Exception {
    Run run = configure("--replicas", "8", "--config", "big=3", "--timeout", "60");
    assertEquals(0, run.status(), run.output());
    assertTrue(run.output().contains("gpu-one: 1 x 8 = 8"), run.output());
    assertTrue(run.output().contains("gpu-two: 2 x 3 = 6"), run.output());
    assertEquals("8", allocatable("gpu-one"));
    Run again = configure("--replicas", "8", "--config", "big=3", "--timeout", "60");
    assertEquals(0, again.status(), again.output());
  }

  @Test
  void theDefaultsEqualTheManifests() throws Exception {
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
  void mpsOffersTheReplicasOfItsConfigurationKey() throws Exception {
    Run run =
        configure("--sharing", "mps", "--replicas", "4", "--config", "big=2", "--timeout", "60");
    assertThat(run.output()).contains("gpu-one: 1 x 4 = 4", "gpu-two: 2 x 2 = 4");
    assertEquals(0, run.status());
    assertEquals("mps-config", policyConfig().get("name").getAsString());
    assertEquals(0, configure("--sharing", "mps", "--config", "big=8", "--timeout", "60").status());
    assertEquals(manifest("mps-config.yaml"), data("mps-config"));
  }

  @Test
  void migPartitionsTheNodesThatSupportIt() throws Exception {
    migCapable("gpu-two", "");
    Run run = configure("--sharing", "mig", "--profile", "1g.5gb=7", "--timeout", "60");
    assertThat(run.output()).contains("gpu-two: vdi-7x1g.5gb, offers 14").doesNotContain("gpu-one");
    assertEquals(0, run.status());
    assertEquals(manifest("mig-config.yaml"), data("mig-config"));
    assertEquals("single", migStrategy());
    Run again = configure("--sharing", "mig", "--profile", "1g.5gb=7", "--timeout", "60");
    assertThat(again.output()).doesNotContain("labeled").contains("offers 14");

    assertFails("node gpu-two has MIG devices, which MPS does not support", "--sharing", "mps");

    Run mixed =
        configure(
            "--sharing",
            "mig",
            "--profile",
            "1g.5gb=3",
            "--profile",
            "2g.10gb=2",
            "--timeout",
            "60");
    assertThat(mixed.output()).contains("gpu-two: vdi-3x1g.5gb-2x2g.10gb, offers 6 4");
    assertEquals("mixed", migStrategy());

    Run disabled = configure("--sharing", "mig", "--profile", "none", "--timeout", "60");
    assertThat(disabled.output()).contains("gpu-two: all-disabled, offers 2");
    Run mps = configure("--sharing", "mps", "--config", "big=8", "--timeout", "60");
    assertEquals(0, mps.status(), mps.output());
  }

  @Test
  void theOldPartitionsAreRestoredIfTheMigManagerDoesNotApplyTheNewOnes() throws Exception {
    migCapable("gpu-one", "");
    migCapable("gpu-two", "all-balanced");
    stopDevicePlugin();
    Run run = configure("--sharing", "mig", "--profile", "1g.5gb=7", "--timeout", "3");
    assertEquals(1, run.status(), run.output());
    assertThat(run.output())
        .contains("gpu-one: the MIG manager has not applied vdi-7x1g.5gb, its state is unknown");
    assertEquals("all-disabled", label("gpu-one", "nvidia.com/mig.config"));
    assertEquals("all-balanced", label("gpu-two", "nvidia.com/mig.config"));
    assertThat(api.request("GET", MAPS + "mig-config", null).isNotFound()).isTrue();
    JsonObject spec =
        api.request("GET", GpuOperatorAddon.POLICY, null).orElseThrow().getAsJsonObject("spec");
    assertThat(spec.getAsJsonObject("mig").isEmpty()).isTrue();
    assertThat(spec.getAsJsonObject("migManager").getAsJsonObject("config").isEmpty()).isTrue();
  }

  @Test
  void migIsNotConfiguredWhilePodsUseTheGpus() throws Exception {
    migCapable("gpu-one", "");
    Manifests.apply(
        api,
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: desktop, namespace: default}
        spec:
          nodeName: gpu-one
          containers: [{name: selkies, image: desktop, resources: {limits: {nvidia.com/gpu: 1}}}]
        """);
    try {
      assertFails(
          "node gpu-one: pods use its GPUs, which MIG does not allow while it is configured:"
              + " default/desktop",
          "--sharing",
          "mig",
          "--profile",
          "1g.5gb=7");
      assertThat(policyConfig()).isNull();
    } finally {
      api.request("DELETE", "/api/v1/namespaces/default/pods/desktop?gracePeriodSeconds=0", null);
    }
  }

  @Test
  void theOldConfigurationIsRestoredIfANodeDoesNotApplyTheNewOne() throws Exception {
    Manifests.apply(
        api,
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: time-slicing-config, namespace: gpu-operator}, data: {any: before, other: kept}}");
    api.request(
            "PUT",
            GpuOperatorAddon.POLICY,
            withConfig("{\"name\": \"time-slicing-config\", \"default\": \"other\"}"))
        .orElseThrow();
    stopDevicePlugin();
    Run run = configure("--config", "big=2", "--timeout", "3");
    assertEquals(1, run.status(), run.output());
    assertTrue(run.output().contains("gpu-one: offers 0, should offer 1 x 8 = 8"), run.output());
    assertEquals(
        "{\"any\":\"before\",\"other\":\"kept\"}",
        api.request("GET", MAP, null).orElseThrow().get("data").toString());
    assertEquals("other", policyConfig().get("default").getAsString());
  }

  @Test
  void nothingIsLeftIfThereWasNoConfigurationBefore() throws Exception {
    stopDevicePlugin();
    Run run = configure("--timeout", "1");
    assertEquals(1, run.status(), run.output());
    assertTrue(api.request("GET", MAP, null).isNotFound());
    JsonObject config = policyConfig();
    assertTrue(config == null || config.isEmpty(), String.valueOf(config));
  }

  @Test
  void aDryRunChangesNothing() throws Exception {
    Run run = configure("--dry-run");
    assertEquals(0, run.status(), run.output());
    assertTrue(run.output().contains("replicas: 8"), run.output());
    assertTrue(run.output().contains("(server dry run)"), run.output());
    assertTrue(api.request("GET", MAP, null).isNotFound());
    assertThat(policyConfig()).isNull();
  }

  @Test
  void everyInvalidArgumentIsReported() throws Exception {
    assertFails("--replicas \"0\" must be a whole number from 1", "--replicas", "0");
    assertFails("unknown option \"--replica\"", "--replica", "8");
    assertFails("must be KEY=N", "--config", "any=3");
    assertFails("must be a whole number from 1", "--config", "big=x");
    assertFails("must be time-slicing, mps or mig", "--sharing", "fair");
    assertFails("--sharing mig requires --profile", "--sharing", "mig");
    assertFails("--profile is only for --sharing mig", "--profile", "1g.5gb=7");
    assertFails("must be PROFILE=N", "--sharing", "mig", "--profile", "=7");
    assertFails(
        "are not for --sharing mig", "--sharing", "mig", "--profile", "none", "--replicas", "2");
    assertFails(
        "no node has the label nvidia.com/mig.capable=true",
        "--sharing",
        "mig",
        "--profile",
        "none");
    assertFails("namespace nowhere not found", "--namespace", "nowhere");
    api.request("DELETE", GpuOperatorAddon.POLICY, null);
    assertFails("no ClusterPolicy found");
  }

  private void assertFails(String message, String... arguments) throws Exception {
    Run run = configure(arguments);
    assertThat(run.output()).contains(message);
    assertThat(run.status()).isNotEqualTo(0);
  }

  private void stopDevicePlugin() throws InterruptedException {
    if (plugin.isPresent()) {
      plugin.get().stop();
    }
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

  private static JsonObject manifest(String name) throws IOException {
    return Manifests.parse(Files.readString(GPU.resolve(name))).getFirst().getAsJsonObject("data");
  }

  private JsonObject data(String map) {
    JsonObject data = api.request("GET", MAPS + map, null).orElseThrow().getAsJsonObject("data");
    data.remove("big");
    return data;
  }

  private String migStrategy() {
    return api.request("GET", GpuOperatorAddon.POLICY, null)
        .orElseThrow()
        .getAsJsonObject("spec")
        .getAsJsonObject("mig")
        .get("strategy")
        .getAsString();
  }

  /**
   * Labels a node as GPU feature discovery does.
   *
   * @param config of the MIG manager, which has applied it; empty: none
   */
  private void migCapable(String node, String config) {
    JsonObject labels = new JsonObject();
    labels.addProperty("nvidia.com/mig.capable", "true");
    if (!config.isEmpty()) {
      labels.addProperty("nvidia.com/mig.config", config);
      labels.addProperty("nvidia.com/mig.config.state", "success");
    }
    JsonObject metadata = new JsonObject();
    metadata.add("labels", labels);
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    api.mergePatch(ResourceType.NODE, "", node, patch).orElseThrow();
  }

  private String label(String node, String name) {
    return api.request("GET", "/api/v1/nodes/" + node, null)
        .orElseThrow()
        .getAsJsonObject("metadata")
        .getAsJsonObject("labels")
        .get(name)
        .getAsString();
  }

  private String allocatable(String node) {
    return api.request("GET", "/api/v1/nodes/" + node, null)
        .orElseThrow()
        .getAsJsonObject("status")
        .getAsJsonObject("allocatable")
        .get("nvidia.com/gpu")
        .getAsString();
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
