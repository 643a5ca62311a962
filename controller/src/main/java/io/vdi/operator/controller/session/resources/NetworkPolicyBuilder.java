package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.openapi.models.V1IPBlock;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1LabelSelectorRequirement;
import io.kubernetes.client.openapi.models.V1NetworkPolicyEgressRule;
import io.kubernetes.client.openapi.models.V1NetworkPolicyIngressRule;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPeer;
import io.kubernetes.client.openapi.models.V1NetworkPolicyPort;
import io.kubernetes.client.openapi.models.V1NetworkPolicySpec;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Builds the NetworkPolicy of a template's desktops; docs/specification.md, section 2. A user has a
 * shell in the desktop, and web sites that the user opens run code there. Without the policy both
 * reach every pod, the API server and the metadata service of the cloud.
 */
public final class NetworkPolicyBuilder {
  private static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";
  private static final String COMPONENT = "app.kubernetes.io/component";
  private static final int DNS = 53;

  private NetworkPolicyBuilder() {}

  /** Empty if {@code network.mode} is none. It is the same in every namespace. */
  public static Optional<SharedObject> of(
      String template, VdiTemplate.Spec spec, SessionConfig config) {
    return config.network().map(network -> build(template, spec, network, config.turn()));
  }

  private static SharedObject build(
      String template,
      VdiTemplate.Spec spec,
      SessionConfig.Network network,
      Optional<SessionConfig.Turn> turn) {
    Map<String, String> pods =
        Map.of(
            Labels.NAME, Labels.SESSION,
            Labels.MANAGED_BY, Labels.OPERATOR,
            Labels.TEMPLATE, Labels.valueOf(template));
    String name = ResourceNames.networkPolicy(template);
    JsonObject policy =
        ChildMetadata.json(
            new V1NetworkPolicySpec()
                .podSelector(new V1LabelSelector().matchLabels(pods))
                .policyTypes(List.of("Ingress", "Egress"))
                .ingress(List.of(ingress(spec, network)))
                .egress(egress(network, turn)));
    policy.getAsJsonArray("egress").addAll(spec.network().egress().deepCopy());
    V1ObjectMeta metadata = new V1ObjectMeta().name(name).labels(pods);
    return SharedObject.of(
        ResourceType.NETWORK_POLICY,
        name,
        ChildMetadata.object(ResourceType.NETWORK_POLICY, metadata, policy));
  }

  /** The port of the desktop, from the router, the gate, the reaper and the template's sources. */
  private static V1NetworkPolicyIngressRule ingress(
      VdiTemplate.Spec spec, SessionConfig.Network network) {
    List<V1NetworkPolicyPeer> from = new ArrayList<>(network.routerFrom());
    from.add(
        new V1NetworkPolicyPeer()
            .namespaceSelector(
                new V1LabelSelector()
                    .matchLabels(Map.of(NAMESPACE_NAME, network.operatorNamespace())))
            .podSelector(
                new V1LabelSelector()
                    .matchExpressions(
                        List.of(
                            new V1LabelSelectorRequirement()
                                .key(COMPONENT)
                                .operator("In")
                                .values(List.of("gate", "reaper"))))));
    spec.network()
        .ingressFrom()
        .forEach(peer -> from.add(KubeGson.gson().fromJson(peer, V1NetworkPolicyPeer.class)));
    return new V1NetworkPolicyIngressRule().from(from).ports(List.of(port("TCP", spec.port())));
  }

  /** DNS, the public internet and the TURN server. */
  private static List<V1NetworkPolicyEgressRule> egress(
      SessionConfig.Network network, Optional<SessionConfig.Turn> turn) {
    List<V1NetworkPolicyEgressRule> rules = new ArrayList<>();
    if (!network.dnsTo().isEmpty()) {
      rules.add(rule(network.dnsTo(), DNS));
    }
    rules.add(
        new V1NetworkPolicyEgressRule()
            .to(
                List.of(
                    internet("0.0.0.0/0", network.deniedRanges(), false),
                    internet("::/0", network.deniedRanges(), true))));
    turn.filter(server -> !network.relayTo().isEmpty())
        .ifPresent(server -> rules.add(rule(network.relayTo(), server.port())));
    return rules;
  }

  private static V1NetworkPolicyEgressRule rule(List<V1NetworkPolicyPeer> to, int port) {
    return new V1NetworkPolicyEgressRule()
        .to(to)
        .ports(List.of(port("UDP", port), port("TCP", port)));
  }

  private static V1NetworkPolicyPort port(String protocol, int port) {
    return new V1NetworkPolicyPort().protocol(protocol).port(new IntOrString(port));
  }

  private static V1NetworkPolicyPeer internet(String all, List<String> denied, boolean v6) {
    List<String> except =
        denied.stream().filter(range -> range.contains(":") == v6).sorted().toList();
    return new V1NetworkPolicyPeer().ipBlock(new V1IPBlock().cidr(all).except(except));
  }
}
