package io.vdi.operator.cli.doctor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Sharing of GPUs by time slicing or MPS, from the configuration of NVIDIA's operator to the
 * capacity of the nodes.
 */
final class GpuChecks {
  private static final Layer LAYER = Layer.INFRASTRUCTURE;
  private static final String RESOURCE = "nvidia.com/gpu";
  private static final String CONFIG_LABEL = "nvidia.com/device-plugin.config";
  private static final String NAMESPACE = "gpu-operator";
  private static final String DEFAULT_CONFIG_MAP = "time-slicing-config";
  private static final String POLICY = "clusterpolicy cluster-policy";

  private GpuChecks() {}

  static List<Check<DoctorContext>> checks() {
    return List.of(
        new Check<>("slicing", LAYER, "GPU time slicing", Set.of("api"), GpuChecks::slicing),
        new Check<>("capacity", LAYER, "GPU capacity", Set.of("slicing"), GpuChecks::capacity),
        new Check<>("labels", LAYER, "GPU labels", Set.of("capacity"), GpuChecks::labels));
  }

  /**
   * The section {@code spec.devicePlugin.config} of the ClusterPolicy.
   *
   * @param configMap the ConfigMap with the configurations; empty without time slicing
   * @param defaultKey its key for nodes without a label
   */
  private record SlicingPolicy(Optional<String> configMap, Optional<String> defaultKey) {
    /** The key of the ConfigMap for a node. */
    Optional<String> key(JsonObject node) {
      return nonEmpty(label(node, CONFIG_LABEL)).or(() -> defaultKey);
    }
  }

  private static Optional<String> nonEmpty(String text) {
    return Optional.of(text).filter(value -> !value.isEmpty());
  }

  private static SlicingPolicy policy(DoctorContext context) {
    JsonObject policy =
        context.cluster().list("/apis/nvidia.com/v1/clusterpolicies").stream()
            .findFirst()
            .orElseThrow(
                () -> new CliException.Failed("NVIDIA's GPU operator has no ClusterPolicy"));
    JsonElement config = Json.at(policy, "spec", "devicePlugin", "config").orElse(new JsonObject());
    return new SlicingPolicy(
        nonEmpty(Json.text(config, "name")), nonEmpty(Json.text(config, "default")));
  }

  private static Optional<Map<String, String>> configMap(DoctorContext context, String name) {
    return context
        .cluster()
        .get(ResourceType.CONFIG_MAP.path(NAMESPACE, name))
        .map(map -> Json.map(map, "data"));
  }

  private static List<JsonObject> gpuNodes(DoctorContext context) {
    return context
        .cluster()
        .list(
            ResourceType.NODE.path("")
                + "?labelSelector=nvidia.com/gpu.count,nvidia.com/gpu.present=true");
  }

  private static String label(JsonObject node, String key) {
    return Json.text(node, "metadata", "labels", key);
  }

  private static CheckResult slicing(DoctorContext context) {
    SlicingPolicy policy = policy(context);
    if (policy.configMap().isEmpty()) {
      return configMap(context, DEFAULT_CONFIG_MAP).isEmpty()
          ? new CheckResult.Passed("not configured: GPUs are not shared")
          : notReferenced(
              context,
              "spec.devicePlugin.config.name is empty, but ConfigMap "
                  + DEFAULT_CONFIG_MAP
                  + " exists");
    }
    String name = policy.configMap().get();
    Optional<Map<String, String>> map = configMap(context, name);
    String object = "configmap " + name + " in " + NAMESPACE;
    if (map.isEmpty()) {
      return context.failed(
          KnownCause.SLICING_MAP_MISSING,
          object,
          "it does not exist, and " + POLICY + " references it",
          "");
    }
    for (JsonObject node : gpuNodes(context)) {
      Optional<String> key = policy.key(node);
      if (key.isEmpty()) {
        return notReferenced(
            context,
            "spec.devicePlugin.config.default is empty, and node "
                + Json.name(node)
                + " has no label "
                + CONFIG_LABEL);
      }
      if (!map.get().containsKey(key.get())) {
        return context.failed(
            KnownCause.SLICING_MAP_MISSING,
            object,
            "it has no key " + key.get() + ", which node " + Json.name(node) + " uses",
            "");
      }
    }
    return new CheckResult.Passed("configured by ConfigMap " + name);
  }

  private static CheckResult notReferenced(DoctorContext context, String observed) {
    return context.failed(KnownCause.SLICING_NOT_REFERENCED, POLICY, observed, "");
  }

  /** How many sessions share each GPU of a node, by time slicing or MPS; 1 without sharing. */
  private static long replicas(DoctorContext context, JsonObject node, SlicingPolicy policy) {
    if (policy.configMap().isEmpty()) {
      return 1;
    }
    Map<String, String> map = configMap(context, policy.configMap().get()).orElse(Map.of());
    String text = policy.key(node).map(key -> map.getOrDefault(key, "")).orElse("");
    try {
      JsonElement config = KubeGson.gson().toJsonTree(new Yaml().<Object>load(text));
      return Stream.of("timeSlicing", "mps")
          .flatMap(kind -> Json.objects(config, "sharing", kind, "resources").stream())
          .filter(resource -> Json.text(resource, "name").equals(RESOURCE))
          .map(resource -> Math.max(1, (long) Double.parseDouble(Json.text(resource, "replicas"))))
          .findFirst()
          .orElse(1L);
    } catch (YAMLException e) {
      throw new CliException.Failed(
          "the time-slicing configuration is not YAML: " + e.getMessage().split("\n", 2)[0]);
    }
  }

  private static CheckResult capacity(DoctorContext context) {
    SlicingPolicy policy = policy(context);
    List<String> nodes = new ArrayList<>();
    for (JsonObject node : gpuNodes(context)) {
      long physical = Json.number(node, "metadata", "labels", "nvidia.com/gpu.count");
      long replicas = replicas(context, node, policy);
      long allocatable = Json.number(node, "status", "allocatable", RESOURCE);
      String product = physical + " x " + replicas + " = " + physical * replicas;
      if (allocatable != physical * replicas) {
        return context.failed(
            KnownCause.SLICING_NOT_IN_EFFECT,
            "node " + Json.name(node),
            "allocatable "
                + RESOURCE
                + " is "
                + allocatable
                + "; physical GPUs x replicas is "
                + product,
            Json.name(node));
      }
      nodes.add(Json.name(node) + " " + product);
    }
    return nodes.isEmpty()
        ? new CheckResult.Skipped("no node has the labels of GPU feature discovery")
        : new CheckResult.Passed(String.join(", ", nodes));
  }

  /** GPU feature discovery appends -SHARED to the product of GPUs that are shared. */
  private static CheckResult labels(DoctorContext context) {
    SlicingPolicy policy = policy(context);
    for (JsonObject node : gpuNodes(context)) {
      String product = label(node, "nvidia.com/gpu.product");
      if (replicas(context, node, policy) > 1
          && !product.isEmpty()
          && !product.endsWith("-SHARED")) {
        return context.failed(
            KnownCause.GPU_PRODUCT_LABEL,
            "node " + Json.name(node),
            "nvidia.com/gpu.product is " + product,
            Json.name(node));
      }
    }
    return new CheckResult.Passed("match the time slicing");
  }
}
