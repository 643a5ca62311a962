package io.vdi.operator.chart;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Simulates the GPU operator's device plugin and MIG manager on nodes without a kubelet: the plugin
 * offers each GPU once per configured replica, and the manager the devices of the configuration
 * that the label of a node names.
 */
final class SimulatedDevicePlugin {
  private static final String MAPS = "/api/v1/namespaces/gpu-operator/configmaps/";

  /** The ConfigMap with the configurations of time slicing, by key. */
  static final String MAP = MAPS + "time-slicing-config";

  private static final String GPU = "nvidia.com/gpu";
  private static final String MIG = "nvidia.com/mig.config";

  /** How often it reads its configuration. */
  private static final Duration INTERVAL = Duration.ofMillis(200);

  private final KubeClient api;
  private final List<String> nodes;
  private final Thread thread;

  private SimulatedDevicePlugin(KubeClient api, List<String> nodes) {
    this.api = api;
    this.nodes = nodes;
    this.thread = Thread.ofVirtual().unstarted(this::run);
  }

  static SimulatedDevicePlugin start(KubeClient api, List<String> nodes) {
    SimulatedDevicePlugin plugin = new SimulatedDevicePlugin(api, nodes);
    plugin.thread.start();
    return plugin;
  }

  void stop() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      JsonObject spec =
          api.request("GET", GpuOperatorAddon.POLICY, null).orElseThrow().getAsJsonObject("spec");
      JsonObject config = spec.getAsJsonObject("devicePlugin").getAsJsonObject("config");
      nodes.forEach(node -> {
        if (config != null && config.has("name")) {
          offerReplicas(node, config);
        }
        if (spec.has("migManager")) {
          partition(node, spec);
        }
      });
      LockSupport.parkNanos(INTERVAL.toNanos());
    }
  }

  private void offerReplicas(String name, JsonObject config) {
    JsonObject labels = labels(name);
    String key =
        labels.has("nvidia.com/device-plugin.config")
            ? labels.get("nvidia.com/device-plugin.config").getAsString()
            : config.get("default").getAsString();
    JsonObject data = data(config.get("name").getAsString());
    if (data.has(key)) {
      int gpus =
          labels.get("nvidia.com/gpu.count").getAsInt() * replicas(data.get(key).getAsString());
      offer(name, Map.of(GPU, gpus));
    }
  }

  private static int replicas(String configuration) {
    Matcher replicas =
        Pattern.compile("replicas=(\\d+)").matcher(String.valueOf(parse(configuration)));
    return replicas.find() ? Integer.parseInt(replicas.group(1)) : 1;
  }

  /** Applies the configuration of the node's label, if the label of its state is missing. */
  private void partition(String name, JsonObject spec) {
    JsonObject labels = labels(name);
    if (!labels.has(MIG) || labels.has(MIG + ".state")) {
      return;
    }
    JsonElement map = spec.getAsJsonObject("migManager").getAsJsonObject("config").get("name");
    Map<?, ?> configs =
        (Map<?, ?>)
            parse(data(map.getAsString()).get("config.yaml").getAsString()).get("mig-configs");
    if (!(configs.get(labels.get(MIG).getAsString()) instanceof List<?> groups)) {
      label(name, "failed");
      return;
    }
    Map<?, ?> group = (Map<?, ?>) groups.getFirst();
    int gpus = labels.get("nvidia.com/gpu.count").getAsInt();
    if (Boolean.FALSE.equals(group.get("mig-enabled"))) {
      offer(name, Map.of(GPU, gpus));
    } else {
      boolean mixed = spec.getAsJsonObject("mig").get("strategy").getAsString().equals("mixed");
      ((Map<?, ?>) group.get("mig-devices"))
          .forEach((profile, count) ->
              offer(name, Map.of(mixed ? "nvidia.com/mig-" + profile : GPU, gpus * (int) count)));
    }
    label(name, "success");
  }

  private void label(String name, String state) {
    JsonObject node = node(name);
    node.getAsJsonObject("metadata").getAsJsonObject("labels").addProperty(MIG + ".state", state);
    api.request("PUT", "/api/v1/nodes/" + name, node);
  }

  private void offer(String name, Map<String, Integer> devices) {
    JsonObject node = node(name);
    JsonObject status = node.getAsJsonObject("status");
    JsonObject offered =
        status.has("allocatable") ? status.getAsJsonObject("allocatable") : new JsonObject();
    devices.forEach((resource, count) -> offered.addProperty(resource, String.valueOf(count)));
    status.add("capacity", offered);
    status.add("allocatable", offered);
    api.request("PUT", "/api/v1/nodes/" + name + "/status", node);
  }

  private JsonObject labels(String name) {
    return node(name).getAsJsonObject("metadata").getAsJsonObject("labels");
  }

  private JsonObject node(String name) {
    return api.request("GET", "/api/v1/nodes/" + name, null).orElseThrow();
  }

  private JsonObject data(String map) {
    return api.request("GET", MAPS + map, null).orElseThrow().getAsJsonObject("data");
  }

  private static Map<?, ?> parse(String yaml) {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
  }
}
