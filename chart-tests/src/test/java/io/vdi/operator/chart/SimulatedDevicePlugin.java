package io.vdi.operator.chart;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Simulates the GPU operator's device plugin on nodes without a kubelet: it offers each GPU once
 * per configured replica.
 */
final class SimulatedDevicePlugin {
  /** The ConfigMap with the configurations, by key. */
  static final String MAP = "/api/v1/namespaces/gpu-operator/configmaps/time-slicing-config";

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
      JsonObject config =
          api.request("GET", GpuOperatorAddon.POLICY, null)
              .orElseThrow()
              .getAsJsonObject("spec")
              .getAsJsonObject("devicePlugin")
              .getAsJsonObject("config");
      if (config != null && config.has("name")) {
        nodes.forEach(node -> offer(node, config));
      }
      LockSupport.parkNanos(INTERVAL.toNanos());
    }
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
}
