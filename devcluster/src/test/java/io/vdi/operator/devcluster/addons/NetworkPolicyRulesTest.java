package io.vdi.operator.devcluster.addons;

import static org.assertj.core.api.Assertions.assertThat;

import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.vdi.operator.common.kube.KubeGson;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NetworkPolicyRulesTest {
  private static final List<NetworkPolicyRules.PodOnNode> PODS =
      List.of(
          new NetworkPolicyRules.PodOnNode(
              "a", "10.0.0.1", Map.of("app", "desktop"), Map.of("http", 8080)),
          new NetworkPolicyRules.PodOnNode("b", "10.0.0.2", Map.of("app", "reaper"), Map.of()),
          new NetworkPolicyRules.PodOnNode("b", "10.0.0.3", Map.of("app", "other"), Map.of()));

  private static final Map<String, Map<String, String>> NAMESPACES =
      Map.of("a", Map.of("name", "a"), "b", Map.of("name", "b"));

  private static String script(String spec) {
    V1NetworkPolicy policy =
        KubeGson.gson()
            .fromJson(
                "{metadata: {name: p, namespace: a}, spec: {podSelector: {}, " + spec + "}}",
                V1NetworkPolicy.class);
    return NetworkPolicyRules.script(List.of(policy), PODS, NAMESPACES);
  }

  @Test
  void onlySelectedPodsAreFiltered() {
    assertThat(script("policyTypes: [Ingress, Egress]"))
        .contains("ip saddr 10.0.0.1 jump egress0", "ip daddr 10.0.0.1 jump ingress0")
        .doesNotContain("10.0.0.2", "10.0.0.3");
    assertThat(script("policyTypes: [Ingress]")).doesNotContain("jump egress");
  }

  @Test
  void aPolicyWithoutRulesAllowsNothing() {
    assertThat(script("policyTypes: [Ingress]"))
        .contains("chain ingress0 {\n    counter drop\n  }");
  }

  @Test
  void aPeerSelectsByNamespaceAndLabels() {
    String rules =
        script(
            """
            policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {matchLabels: {name: b}},
              podSelector: {matchExpressions: [{key: app, operator: In, values: [reaper, gate]}]}}],
              ports: [{port: http}]}]
            """);
    assertThat(rules)
        .contains("ip saddr 10.0.0.2 tcp dport 8080 return")
        .doesNotContain("10.0.0.3");
  }

  @Test
  void aPeerWithoutNamespaceIsOfTheNamespaceOfThePolicy() {
    assertThat(script("policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]"))
        .contains("ip saddr 10.0.0.1 return")
        .doesNotContain("10.0.0.2");
  }

  @Test
  void anAddressBlockCanHaveExceptions() {
    assertThat(
            script(
                """
                policyTypes: [Egress], egress: [
                  {to: [{ipBlock: {cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "169.254.0.0/16"]}},
                        {ipBlock: {cidr: "::/0", except: ["fc00::/7"]}}]},
                  {to: [{ipBlock: {cidr: "10.9.9.9/32"}}], ports: [{port: 53, protocol: UDP}]}]
                """))
        .contains(
            "meta nfproto ipv4 ip daddr != { 10.0.0.0/8, 169.254.0.0/16 } return",
            "ip daddr 10.9.9.9/32 udp dport 53 return")
        .doesNotContain("fc00");
  }

  @Test
  void aRuleWithoutPeersAndPortsAllowsEverything() {
    assertThat(script("policyTypes: [Egress], egress: [{}]"))
        .contains("chain egress0 {\n     return\n");
  }
}
