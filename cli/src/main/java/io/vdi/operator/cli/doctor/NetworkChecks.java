package io.vdi.operator.cli.doctor;

import static io.vdi.operator.cli.doctor.SessionContext.onPod;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether the cluster enforces NetworkPolicies. Kubernetes accepts them in any case and does not
 * report whether a network plugin enforces them, so the only proof is a connection that a policy
 * forbids: with {@code --probe}, the desktop tries to connect to the admission webhook. Without it,
 * the check names the network plugin.
 */
final class NetworkChecks {
  private static final int WEBHOOK_PORT = 8443;

  /** Parts of the names of DaemonSets whose pods enforce NetworkPolicies. */
  private static final List<String> AGENTS =
      List.of(
          "calico-node",
          "canal",
          "cilium",
          "antrea-agent",
          "kube-router",
          "kube-network-policies",
          "ovnkube-node",
          "weave-net",
          "anetd",
          "azure-npm");

  /** K3s contains kube-router, which has no DaemonSet there. */
  private static final String K3S = "+k3s";

  private static final int CLOSED = 10;
  private static final int REACHED = 11;
  private static final int CANNOT_CONNECT = 12;

  /**
   * Connects to the desktop itself, which must work, and to an address. Of all programs with which
   * a desktop can connect, Bash is the most common.
   */
  private static final String CONNECT =
      """
      connect() { timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }
      connect 127.0.0.1 "$1" || exit %d
      connect "$2" "$3" && exit %d
      exit %d
      """
          .formatted(CANNOT_CONNECT, REACHED, CLOSED);

  private NetworkChecks() {}

  static List<Check<SessionContext>> checks() {
    return List.of(
        new Check<>(
            "network-policy",
            Layer.INFRASTRUCTURE,
            "NetworkPolicy enforced",
            Set.of("selkies"),
            onPod(NetworkChecks::enforced)));
  }

  private static CheckResult enforced(SessionContext context, Pod pod) {
    String name = ResourceNames.networkPolicy(context.session().spec().template());
    Optional<JsonObject> policy = context.child(ResourceType.NETWORK_POLICY, name);
    if (policy.isEmpty()) {
      return new CheckResult.Skipped("there is no NetworkPolicy " + name);
    }
    if (!context.doctor().probe()) {
      return plugin(context)
          .<CheckResult>map(plugin ->
              new CheckResult.Passed(plugin + " runs, which enforces them; --probe tests it"))
          .orElse(
              new CheckResult.Skipped(
                  "no network plugin is known to enforce them here; --probe tests it"));
    }
    Optional<String> address = webhook(context);
    if (address.isEmpty()) {
      return new CheckResult.Skipped("the admission webhook has no pod to connect to");
    }
    if (!forbids(policy.get(), address.get())) {
      return new CheckResult.Skipped(name + " allows connections to " + address.get());
    }
    return connect(context, name, address.get());
  }

  private static CheckResult connect(SessionContext context, String policy, String address) {
    String own = String.valueOf(context.templateSpec().port());
    String port = String.valueOf(WEBHOOK_PORT);
    int exitCode =
        DesktopProgram.run(context, "bash", "-c", CONNECT, "vdi-doctor", own, address, port);
    return switch (exitCode) {
      case CLOSED -> new CheckResult.Passed("the desktop cannot connect to " + address);
      case REACHED ->
          context.failed(
              KnownCause.NETWORK_OPEN,
              "networkpolicy " + policy,
              "the desktop connects to " + address + ":" + port + ", which it forbids",
              policy);
      case CANNOT_CONNECT -> new CheckResult.Skipped("the desktop cannot open connections");
      default -> throw DesktopProgram.failed(exitCode);
    };
  }

  /** The network plugin that enforces policies; empty if none is known. */
  private static Optional<String> plugin(SessionContext context) {
    Optional<String> agent =
        context.cluster().list("/apis/apps/v1/daemonsets").stream()
            .map(Json::name)
            .filter(name -> AGENTS.stream().anyMatch(name::contains))
            .findFirst();
    return agent.or(() ->
        context.cluster().list(ResourceType.NODE.path("")).stream()
            .map(node -> Json.text(node, "status", "nodeInfo", "kubeletVersion"))
            .filter(version -> version.contains(K3S))
            .map(version -> "K3s")
            .findFirst());
  }

  /** The address of a pod of the admission webhook, which accepts connections from all sources. */
  private static Optional<String> webhook(SessionContext context) {
    return context
        .cluster()
        .ofComponent(
            ResourceType.POD.path(context.cluster().operatorNamespace()), "admission-webhook")
        .stream()
        .filter(pod ->
            Json.objects(pod, "status", "conditions").stream()
                .anyMatch(condition ->
                    Json.text(condition, "type").equals("Ready")
                        && Json.text(condition, "status").equals("True")))
        .map(pod -> Json.text(pod, "status", "podIP"))
        .filter(address -> !address.isEmpty())
        .findFirst();
  }

  /** Whether no rule of the policy allows connections to the address. Selectors are not read. */
  private static boolean forbids(JsonObject policy, String address) {
    return Json.objects(policy, "spec", "egress").stream().noneMatch(rule -> allows(rule, address));
  }

  private static boolean allows(JsonElement rule, String address) {
    List<JsonObject> peers = Json.objects(rule, "to");
    return peers.isEmpty()
        || peers.stream()
            .filter(peer -> peer.has("ipBlock"))
            .map(peer -> peer.getAsJsonObject("ipBlock"))
            .anyMatch(block ->
                contains(Json.text(block, "cidr"), address)
                    && excepted(block).noneMatch(range -> contains(range, address)));
  }

  private static Stream<String> excepted(JsonObject block) {
    return block.has("except")
        ? block.getAsJsonArray("except").asList().stream().map(JsonElement::getAsString)
        : Stream.empty();
  }

  /** Whether a range such as {@code 10.0.0.0/8} contains an address. */
  private static boolean contains(String range, String address) {
    String[] parts = range.split("/", 2);
    byte[] network = InetAddress.ofLiteral(parts[0]).getAddress();
    byte[] other = InetAddress.ofLiteral(address).getAddress();
    int length = parts.length < 2 ? network.length * 8 : Integer.parseInt(parts[1]);
    if (network.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < length; bit++) {
      int mask = 0x80 >> bit % 8;
      if ((network[bit / 8] & mask) != (other[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }
}
