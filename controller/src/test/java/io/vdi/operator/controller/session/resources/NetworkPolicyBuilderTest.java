package io.vdi.operator.controller.session.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1IPBlock;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPeer;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NetworkPolicyBuilderTest {
  private static final SessionConfig.Network NETWORK =
      new SessionConfig.Network(
          List.of(peer("traefik")),
          List.of(peer("kube-system")),
          List.of(new V1NetworkPolicyPeer().ipBlock(new V1IPBlock().cidr("10.0.0.5/32"))),
          List.of("10.0.0.0/8", "fc00::/7", "169.254.0.0/16"),
          "vdi-system");

  private static V1NetworkPolicyPeer peer(String namespace) {
    return new V1NetworkPolicyPeer()
        .namespaceSelector(
            new V1LabelSelector().matchLabels(Map.of("kubernetes.io/metadata.name", namespace)));
  }

  private static SharedObject build(String name, String template, boolean turn) {
    SessionConfig config =
        new SessionConfig(
            "vdi.example.com",
            new SessionConfig.Ingress(
                SessionConfig.IngressKind.NONE, Optional.empty(), List.of("websecure")),
            new SessionConfig.Tls(SessionConfig.TlsMode.ROUTER_DEFAULT, "", ""),
            turn
                ? Optional.of(
                    new SessionConfig.Turn(
                        "turn", 3478, "udp", false, "/secret", Duration.ofHours(24)))
                : Optional.empty(),
            Optional.of(NETWORK),
            Optional.empty(),
            Optional.empty());
    return NetworkPolicyBuilder.of(
            name, KubeGson.gson().fromJson(template, VdiTemplate.Spec.class), config)
        .orElseThrow();
  }

  private static JsonObject spec(String template, boolean turn) {
    return build("ubuntu", template, turn).body().getAsJsonObject("spec");
  }

  @Test
  void itSelectsTheDesktopsOfOneTemplate() {
    SharedObject policy = build("ubuntu", "{}", false);
    assertThat(policy.name()).isEqualTo("vdi-ubuntu");
    assertThat(policy.body().getAsJsonObject("spec").get("podSelector"))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"matchLabels": {"app.kubernetes.io/name": "vdi-session",
                  "app.kubernetes.io/managed-by": "vdi-operator", "vdi.kasm.io/template": "ubuntu"}}
                """));
  }

  @Test
  void onlyRouterGateAndReaperReachThePort() {
    assertThat(spec("{port: 8090}", false).get("ingress"))
        .isEqualTo(
            JsonParser.parseString(
                """
                [{"from": [
                   {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}},
                   {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "vdi-system"}},
                    "podSelector": {"matchExpressions": [{"key": "app.kubernetes.io/component",
                      "operator": "In", "values": ["gate", "reaper"]}]}}],
                  "ports": [{"port": 8090, "protocol": "TCP"}]}]
                """));
  }

  @Test
  void desktopsReachDnsAndTheInternet() {
    assertThat(spec("{}", false).get("egress"))
        .isEqualTo(
            JsonParser.parseString(
                """
                [{"to": [{"namespaceSelector":
                    {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                  "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
                 {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "169.254.0.0/16"]}},
                         {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}}]}]
                """));
  }

  @Test
  void theRelayAndWhatTheTemplateAddsAreReachable() {
    String rule = "{\"to\":[{\"ipBlock\":{\"cidr\":\"10.9.9.9/32\"}}]}";
    JsonObject spec =
        spec("{network: {egress: [%s], ingressFrom: [{podSelector: {}}]}}".formatted(rule), true);
    JsonArray egress = spec.getAsJsonArray("egress");
    assertThat(egress.get(2))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"to": [{"ipBlock": {"cidr": "10.0.0.5/32"}}],
                 "ports": [{"port": 3478, "protocol": "UDP"}, {"port": 3478, "protocol": "TCP"}]}
                """));
    assertThat(egress.get(3)).isEqualTo(JsonParser.parseString(rule));
    assertThat(spec.getAsJsonArray("ingress").toString()).contains("{\"podSelector\":{}}");
  }

  @Test
  void theNameOfALongTemplateIsLegalAndItsOwn() {
    String first = build("a".repeat(252) + "1", "{}", false).name();
    String second = build("a".repeat(252) + "2", "{}", false).name();
    assertThat(first).hasSizeLessThanOrEqualTo(253).isNotEqualTo(second);
  }

  /** The order of Map.of differs between processes; a restart must not write all policies again. */
  @Test
  void theHashDoesNotDependOnTheOrderOfLabels() {
    assertThat(build("ubuntu", "{}", false).hash()).isEqualTo("28b9ab70ca4af2c4");
  }

  @Test
  void aChangeOfTheTemplateChangesTheHash() {
    assertThat(build("ubuntu", "{}", false).hash())
        .isEqualTo(build("ubuntu", "{displayName: x}", false).hash())
        .isNotEqualTo(build("ubuntu", "{port: 9000}", false).hash());
  }
}
