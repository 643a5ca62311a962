package io.vdi.operator.devcluster.addons;

import io.kubernetes.client.openapi.models.V1IPBlock;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1LabelSelectorRequirement;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPeer;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPort;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Translates NetworkPolicies into rules of nftables, for the pods of one node. Supported is what
 * the operator and its chart use: IPv4, numbers and names of ports, no endPort.
 */
final class NetworkPolicyRules {
  /** The table that {@link #script} replaces. */
  static final String TABLE = "inet vdi_network_policies";

  /**
   * A pod with an address of its own.
   *
   * @param ports its named ports
   */
  record PodOnNode(
      String namespace, String address, Map<String, String> labels, Map<String, Integer> ports) {}

  private final List<V1NetworkPolicy> policies;
  private final List<PodOnNode> pods;
  private final Map<String, Map<String, String>> namespaces;
  private final StringBuilder script = new StringBuilder();

  private NetworkPolicyRules(
      List<V1NetworkPolicy> policies,
      List<PodOnNode> pods,
      Map<String, Map<String, String>> namespaces) {
    this.policies = policies;
    this.pods = pods;
    this.namespaces = namespaces;
  }

  /**
   * The input of {@code nft -f}. A packet passes if the policies of its source and of its
   * destination allow it; answers pass. Packets from the node itself pass, as with most network
   * plugins: the kubelet probes pods from there.
   *
   * @param namespaces their labels by name
   */
  static String script(
      List<V1NetworkPolicy> policies,
      List<PodOnNode> pods,
      Map<String, Map<String, String>> namespaces) {
    return new NetworkPolicyRules(policies, pods, namespaces).script();
  }

  private String script() {
    List<String> forward = new ArrayList<>();
    List<String> input = new ArrayList<>();
    StringBuilder chains = new StringBuilder();
    for (int i = 0; i < pods.size(); i++) {
      PodOnNode pod = pods.get(i);
      List<V1NetworkPolicy> out = selecting(pod, "Egress");
      if (!out.isEmpty()) {
        chain(chains, "egress" + i, egress(out));
        String jump = "ip saddr %s jump egress%d".formatted(pod.address(), i);
        forward.add(jump);
        input.add(jump);
      }
      List<V1NetworkPolicy> in = selecting(pod, "Ingress");
      if (!in.isEmpty()) {
        chain(chains, "ingress" + i, ingress(in, pod));
        forward.add("ip daddr %s jump ingress%d".formatted(pod.address(), i));
      }
    }
    script.append("table ").append(TABLE).append("\ndelete table ").append(TABLE).append('\n');
    script.append("table ").append(TABLE).append(" {\n").append(chains);
    hook("forward", forward);
    hook("input", input);
    return script.append("}\n").toString();
  }

  private static void chain(StringBuilder into, String name, List<String> allowed) {
    into.append("  chain ").append(name).append(" {\n");
    allowed.forEach(match -> into.append("    ").append(match).append(" return\n"));
    into.append("    counter drop\n  }\n");
  }

  private void hook(String hook, List<String> jumps) {
    script
        .append("  chain ")
        .append(hook)
        .append(" {\n    type filter hook ")
        .append(hook)
        .append(" priority filter; policy accept;\n    ct state established,related accept\n");
    jumps.forEach(jump -> script.append("    ").append(jump).append('\n'));
    script.append("  }\n");
  }

  private List<V1NetworkPolicy> selecting(PodOnNode pod, String type) {
    return policies.stream()
        .filter(policy -> namespaceOf(policy).equals(pod.namespace()))
        .filter(policy -> types(policy).contains(type))
        .filter(policy -> matches(policy.getSpec().getPodSelector(), pod.labels()))
        .toList();
  }

  private static List<String> types(V1NetworkPolicy policy) {
    return Optional.ofNullable(policy.getSpec().getPolicyTypes()).orElse(List.of("Ingress"));
  }

  private static String namespaceOf(V1NetworkPolicy policy) {
    V1ObjectMeta metadata = policy.getMetadata();
    return Objects.requireNonNullElse(metadata.getNamespace(), "default");
  }

  private List<String> egress(List<V1NetworkPolicy> selecting) {
    List<String> allowed = new ArrayList<>();
    for (V1NetworkPolicy policy : selecting) {
      listOf(policy.getSpec().getEgress())
          .forEach(rule ->
              allow(
                  allowed,
                  peers(rule.getTo(), namespaceOf(policy), "daddr"),
                  ports(rule.getPorts(), Map.of())));
    }
    return allowed;
  }

  private List<String> ingress(List<V1NetworkPolicy> selecting, PodOnNode pod) {
    List<String> allowed = new ArrayList<>();
    for (V1NetworkPolicy policy : selecting) {
      listOf(policy.getSpec().getIngress())
          .forEach(rule ->
              allow(
                  allowed,
                  peers(rule.getFrom(), namespaceOf(policy), "saddr"),
                  ports(rule.getPorts(), pod.ports())));
    }
    return allowed;
  }

  private static void allow(List<String> allowed, List<String> peers, List<String> ports) {
    peers.forEach(peer -> ports.forEach(port -> allowed.add((peer + " " + port).strip())));
  }

  /** Matches of the addresses; one that matches everything if there is no list. */
  private List<String> peers(List<V1NetworkPolicyPeer> list, String namespace, String side) {
    if (listOf(list).isEmpty()) {
      return List.of("");
    }
    List<String> matches = new ArrayList<>();
    for (V1NetworkPolicyPeer peer : list) {
      if (peer.getIpBlock() != null) {
        block(peer.getIpBlock(), side).ifPresent(matches::add);
      } else {
        pods.stream()
            .filter(pod -> selects(peer, namespace, pod))
            .forEach(pod -> matches.add("ip %s %s".formatted(side, pod.address())));
      }
    }
    return matches;
  }

  private static Optional<String> block(V1IPBlock block, String side) {
    if (block.getCidr().contains(":")) {
      return Optional.empty();
    }
    String match =
        block.getCidr().endsWith("/0")
            ? "meta nfproto ipv4"
            : "ip %s %s".formatted(side, block.getCidr());
    List<String> except = listOf(block.getExcept());
    return Optional.of(
        except.isEmpty()
            ? match
            : match + " ip %s != { %s }".formatted(side, String.join(", ", except)));
  }

  private boolean selects(V1NetworkPolicyPeer peer, String namespace, PodOnNode pod) {
    boolean inNamespace =
        peer.getNamespaceSelector() == null
            ? pod.namespace().equals(namespace)
            : matches(
                peer.getNamespaceSelector(), namespaces.getOrDefault(pod.namespace(), Map.of()));
    return inNamespace
        && (peer.getPodSelector() == null || matches(peer.getPodSelector(), pod.labels()));
  }

  /** Matches of the ports; one that matches everything if there is no list. */
  private static List<String> ports(List<V1NetworkPolicyPort> list, Map<String, Integer> named) {
    if (listOf(list).isEmpty()) {
      return List.of("");
    }
    List<String> matches = new ArrayList<>();
    for (V1NetworkPolicyPort port : list) {
      String protocol =
          Objects.requireNonNullElse(port.getProtocol(), "TCP").equals("UDP") ? "udp" : "tcp";
      if (port.getPort() == null) {
        matches.add("meta l4proto " + protocol);
      } else {
        Optional<Integer> number =
            port.getPort().isInteger()
                ? Optional.of(port.getPort().getIntValue())
                : Optional.ofNullable(named.get(port.getPort().getStrValue()));
        number.ifPresent(value -> matches.add(protocol + " dport " + value));
      }
    }
    return matches;
  }

  private static boolean matches(V1LabelSelector selector, Map<String, String> labels) {
    return selector == null
        || (mapOf(selector.getMatchLabels()).entrySet().stream()
                .allMatch(label -> label.getValue().equals(labels.get(label.getKey())))
            && listOf(selector.getMatchExpressions()).stream()
                .allMatch(requirement -> matches(requirement, labels)));
  }

  private static boolean matches(
      V1LabelSelectorRequirement requirement, Map<String, String> labels) {
    String value = labels.get(requirement.getKey());
    return switch (requirement.getOperator()) {
      case "In" -> value != null && listOf(requirement.getValues()).contains(value);
      case "NotIn" -> value == null || !listOf(requirement.getValues()).contains(value);
      case "Exists" -> value != null;
      case "DoesNotExist" -> value == null;
      default -> throw new IllegalArgumentException("operator " + requirement.getOperator());
    };
  }

  private static <T> List<T> listOf(List<T> list) {
    return list == null ? List.of() : list;
  }

  private static Map<String, String> mapOf(Map<String, String> map) {
    return map == null ? Map.of() : map;
  }
}
