package io.vdi.operator.controller;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1IPBlock;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPeer;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the settings {@code network.*}. */
final class NetworkConfig {
  private enum Mode {
    MANAGED,
    NONE
  }

  private static final String LABELS = "matchLabels";

  private NetworkConfig() {}

  /**
   * Empty if {@code network.mode} is none.
   *
   * @param operatorNamespace the namespace of gate and reaper
   */
  static Optional<SessionConfig.Network> read(ConfigReader read, String operatorNamespace) {
    SessionConfig.Network network =
        new SessionConfig.Network(
            peers(read, "network.routerFrom"),
            peers(read, "network.dnsTo"),
            relay(read),
            ranges(read),
            operatorNamespace);
    return read.oneOf("network.mode", Mode.class) == Mode.NONE
        ? Optional.empty()
        : Optional.of(network);
  }

  private static List<V1NetworkPolicyPeer> peers(ConfigReader read, String key) {
    JsonArray items = read.array(key);
    List<V1NetworkPolicyPeer> peers = new ArrayList<>();
    for (JsonElement item : items) {
      joinKeys(item);
      try {
        // An unknown key would select everything.
        V1NetworkPolicyPeer.validateJsonElement(item);
        V1NetworkPolicyPeer peer = KubeGson.gson().fromJson(item, V1NetworkPolicyPeer.class);
        read.require(
            !peer.equals(new V1NetworkPolicyPeer()),
            key + " " + item + " must have a namespaceSelector, a podSelector or an ipBlock");
        peers.add(peer);
      } catch (IOException | RuntimeException e) {
        read.problem(key + " " + item + " must be a NetworkPolicyPeer: " + e.getMessage());
      }
    }
    return List.copyOf(peers);
  }

  /** Helidon splits the keys of labels at their dots: {@code {kubernetes: {io/name: x}}}. */
  private static void joinKeys(JsonElement peer) {
    for (String selector : List.of("namespaceSelector", "podSelector")) {
      if (peer instanceof JsonObject fields
          && fields.get(selector) instanceof JsonObject inner
          && inner.get(LABELS) instanceof JsonObject labels) {
        JsonObject joined = new JsonObject();
        join("", labels, joined);
        inner.add(LABELS, joined);
      }
    }
  }

  private static void join(String prefix, JsonObject labels, JsonObject joined) {
    for (Map.Entry<String, JsonElement> label : labels.entrySet()) {
      if (label.getValue() instanceof JsonObject inner) {
        join(prefix + label.getKey() + ".", inner, joined);
      } else {
        joined.add(prefix + label.getKey(), label.getValue());
      }
    }
  }

  /** A TURN server whose address is known needs no setting. */
  private static List<V1NetworkPolicyPeer> relay(ConfigReader read) {
    List<V1NetworkPolicyPeer> peers = new ArrayList<>(peers(read, "network.relayTo"));
    address(read.text("turn.host"))
        .map(address -> address + (address.contains(":") ? "/128" : "/32"))
        .map(range -> new V1NetworkPolicyPeer().ipBlock(new V1IPBlock().cidr(range)))
        .ifPresent(peers::add);
    return List.copyOf(peers);
  }

  private static List<String> ranges(ConfigReader read) {
    List<String> ranges = read.list("network.deniedRanges");
    for (String range : ranges) {
      read.require(
          isRange(range),
          "network.deniedRanges \"" + range + "\" must be a CIDR, such as 10.0.0.0/8 or fc00::/7");
    }
    return ranges;
  }

  /** The address block must be smaller than all addresses: a NetworkPolicy cannot exclude all. */
  private static boolean isRange(String range) {
    int slash = range.indexOf('/');
    String bits = range.substring(slash + 1);
    return slash > 0
        && bits.matches("[1-9][0-9]{0,2}")
        && address(range.substring(0, slash))
            // An IPv4-mapped IPv6 address is read as an IPv4 address; the API server refuses it.
            .filter(address -> address.contains(":") == range.contains(":"))
            .isPresent()
        && Integer.parseInt(bits) <= (range.contains(":") ? 128 : 32);
  }

  private static Optional<String> address(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text).getHostAddress());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
