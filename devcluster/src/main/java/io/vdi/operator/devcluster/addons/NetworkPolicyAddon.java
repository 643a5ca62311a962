package io.vdi.operator.devcluster.addons;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.ContainerNode;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.process.PrivateFile;
import io.vdi.operator.runtime.schedule.Periodic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * Enforces NetworkPolicies on the node that runs containers, as a network plugin does. Until it is
 * closed, it reads policies, pods and namespaces twice a second and replaces a table of nftables.
 * docs/decisions/node.md says why this is not a plugin.
 */
public final class NetworkPolicyAddon implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMillis(500);

  private final EmbeddedCluster cluster;
  private final KubeClient api;
  private final Path file;
  private final Periodic passes;
  private final CountDownLatch first = new CountDownLatch(1);
  private String loaded = "";

  private NetworkPolicyAddon(EmbeddedCluster cluster) {
    this.cluster = cluster;
    this.api = cluster.connect();
    this.file = cluster.folder().resolve("network-policies.nft");
    this.passes = new Periodic("network-policy-addon", INTERVAL, this::pass);
  }

  /** Returns when the policies that exist are enforced. */
  public static NetworkPolicyAddon start(EmbeddedCluster cluster) throws InterruptedException {
    // Without it, packets between two pods of the node cross the bridge and no rule sees them.
    cluster.commandOnNode("sysctl", "-w", "net.bridge.bridge-nf-call-iptables=1");
    NetworkPolicyAddon addon = new NetworkPolicyAddon(cluster);
    addon.passes.start();
    addon.first.await();
    return addon;
  }

  private void pass() {
    String script = NetworkPolicyRules.script(policies(), pods(), namespaces());
    if (!script.equals(loaded)) {
      PrivateFile.write(file, script);
      cluster.commandOnNode("nft", "-f", file.toString());
      loaded = script;
    }
    first.countDown();
  }

  private List<V1NetworkPolicy> policies() {
    return list(ResourceType.NETWORK_POLICY, V1NetworkPolicy.class).toList();
  }

  private List<NetworkPolicyRules.PodOnNode> pods() {
    return list(ResourceType.POD, V1Pod.class)
        .filter(pod -> ContainerNode.NAME.equals(pod.getSpec().getNodeName()))
        .filter(pod -> !Boolean.TRUE.equals(pod.getSpec().getHostNetwork()))
        .filter(pod -> pod.getStatus().getPodIP() != null)
        .filter(pod -> List.of("Pending", "Running").contains(pod.getStatus().getPhase()))
        .map(NetworkPolicyAddon::pod)
        .toList();
  }

  private static NetworkPolicyRules.PodOnNode pod(V1Pod pod) {
    Map<String, Integer> ports = new HashMap<>();
    pod.getSpec().getContainers().stream()
        .flatMap(container ->
            Objects.<List<V1ContainerPort>>requireNonNullElse(container.getPorts(), List.of())
                .stream())
        .filter(port -> port.getName() != null)
        .forEach(port -> ports.put(port.getName(), port.getContainerPort()));
    return new NetworkPolicyRules.PodOnNode(
        pod.getMetadata().getNamespace(),
        pod.getStatus().getPodIP(),
        Objects.<Map<String, String>>requireNonNullElse(pod.getMetadata().getLabels(), Map.of()),
        ports);
  }

  private Map<String, Map<String, String>> namespaces() {
    Map<String, Map<String, String>> labels = new HashMap<>();
    items(ResourceType.NAMESPACE)
        .map(item -> item.getAsJsonObject("metadata"))
        .forEach(metadata -> {
          Map<String, String> own = new HashMap<>();
          if (metadata.has("labels")) {
            metadata
                .getAsJsonObject("labels")
                .entrySet()
                .forEach(label -> own.put(label.getKey(), label.getValue().getAsString()));
          }
          labels.put(metadata.get("name").getAsString(), own);
        });
    return labels;
  }

  private <T> Stream<T> list(ResourceType<?> type, Class<T> model) {
    return items(type).map(item -> KubeGson.gson().fromJson(item, model));
  }

  private Stream<JsonObject> items(ResourceType<?> type) {
    return api
        .request("GET", type.path(""), null)
        .orElseThrow()
        .getAsJsonArray("items")
        .asList()
        .stream()
        .map(JsonElement::getAsJsonObject);
  }

  /** Nothing is filtered afterwards. */
  @Override
  public void close() {
    passes.close();
    cluster.commandOnNode("nft", "delete", "table", "inet", "vdi_network_policies");
    api.close();
  }
}
