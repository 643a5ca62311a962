package io.vdi.operator.cli.doctor;

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
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;

/** Time slicing, from what is configured to what the nodes offer. */
final class GpuChecks {
  private static final Layer LAYER = Layer.INFRASTRUCTURE;
  private static final String RESOURCE = "nvidia.com/gpu";
  private static final String CONFIG_LABEL = "nvidia.com/device-plugin.config";
  private static final String NAMESPACE = "gpu-operator";
  private static final String MAP = "time-slicing-config";
  private static final String POLICY = "clusterpolicy cluster-policy";

  private GpuChecks() {}

  static List<Check<DoctorContext>> checks() {
    return List.of(
        new Check<>("slicing", LAYER, "Time slicing", Set.of("api"), GpuChecks::slicing),
        new Check<>("capacity", LAYER, "GPUs offered", Set.of("slicing"), GpuChecks::capacity),
        new Check<>("labels", LAYER, "GPU labels", Set.of("capacity"), GpuChecks::labels));
  }

  /**
   * What the policy says.
   *
   * @param name of the ConfigMap; empty where it names none
   * @param key of it for nodes without a label; empty where there is none
   */
  private record Policy(String name, String key) {}

  private static Policy policy(DoctorContext context) {
    JsonObject policy =
        context.cluster().list("/apis/nvidia.com/v1/clusterpolicies").stream()
            .findFirst()
            .orElseThrow(() -> new CliException(404, "no ClusterPolicy of NVIDIA's operator"));
    String[] path = {"spec", "devicePlugin", "config"};
    return new Policy(
        Json.at(policy, path).map(config -> Json.text(config, "name")).orElse(""),
        Json.at(policy, path).map(config -> Json.text(config, "default")).orElse(""));
  }

  private static Optional<Map<String, String>> map(DoctorContext context, String name) {
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
    Policy policy = policy(context);
    if (policy.name().isEmpty()) {
      return map(context, MAP).isEmpty()
          ? new CheckResult.Passed("not configured: each GPU is offered once")
          : context.failed(
              KnownCause.SLICING_NOT_REFERENCED,
              POLICY,
              "spec.devicePlugin.config.name is empty, and ConfigMap " + MAP + " is there",
              "");
    }
    Optional<Map<String, String>> map = map(context, policy.name());
    String object = "configmap " + policy.name() + " in " + NAMESPACE;
    if (map.isEmpty()) {
      return context.failed(
          KnownCause.SLICING_MAP_MISSING, object, "it is not there; " + POLICY + " names it", "");
    }
    for (JsonObject node : gpuNodes(context)) {
      String key = key(node, policy);
      if (key.isEmpty()) {
        return context.failed(
            KnownCause.SLICING_NOT_REFERENCED,
            POLICY,
            "spec.devicePlugin.config.default is empty, and node "
                + Json.name(node)
                + " has no label "
                + CONFIG_LABEL,
            "");
      }
      if (!map.get().containsKey(key)) {
        return context.failed(
            KnownCause.SLICING_MAP_MISSING,
            object,
            "it has no key " + key + ", which node " + Json.name(node) + " takes",
            "");
      }
    }
    return new CheckResult.Passed("by " + policy.name());
  }

  private static String key(JsonObject node, Policy policy) {
    String own = label(node, CONFIG_LABEL);
    return own.isEmpty() ? policy.key() : own;
  }

  /** How often each GPU of a node should be offered. */
  private static long replicas(DoctorContext context, JsonObject node, Policy policy) {
    if (policy.name().isEmpty()) {
      return 1;
    }
    String text = map(context, policy.name()).orElse(Map.of()).getOrDefault(key(node, policy), "");
    try {
      var config = KubeGson.gson().toJsonTree(new Yaml().<Object>load(text));
      return Json.objects(config, "sharing", "timeSlicing", "resources").stream()
          .filter(resource -> Json.text(resource, "name").equals(RESOURCE))
          .map(resource -> Math.max(1, (long) Double.parseDouble(Json.text(resource, "replicas"))))
          .findFirst()
          .orElse(1L);
    } catch (YAMLException e) {
      throw new CliException(
          0, "the configuration is no YAML: " + e.getMessage().split("\n", 2)[0]);
    }
  }

  private static CheckResult capacity(DoctorContext context) {
    Policy policy = policy(context);
    List<String> fine = new ArrayList<>();
    for (JsonObject node : gpuNodes(context)) {
      long physical = Json.number(node, "metadata", "labels", "nvidia.com/gpu.count");
      long replicas = replicas(context, node, policy);
      long offered = Json.number(node, "status", "allocatable", RESOURCE);
      String sum = physical + " x " + replicas + " = " + physical * replicas;
      if (offered != physical * replicas) {
        return context.failed(
            KnownCause.SLICING_NOT_IN_EFFECT,
            "node " + Json.name(node),
            "it offers " + offered + " of " + RESOURCE + "; physical x replicas is " + sum,
            Json.name(node));
      }
      fine.add(Json.name(node) + " " + sum);
    }
    return fine.isEmpty()
        ? new CheckResult.Skipped("no node has the labels of GPU feature discovery")
        : new CheckResult.Passed(String.join(", ", fine));
  }

  private static CheckResult labels(DoctorContext context) {
    Policy policy = policy(context);
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
    return new CheckResult.Passed("agree");
  }
}
