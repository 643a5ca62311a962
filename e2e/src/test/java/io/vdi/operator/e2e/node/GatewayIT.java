package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.e2e.browser.PageClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Traefik serves desktops by the HTTPRoutes that the controller writes. */
@Order(50)
class GatewayIT {
  private static final String[] GATEWAY = {
    "config.ingress.kind=gateway",
    "config.ingress.gateway.parentRefs[0].name=" + RouterAddon.GATEWAY,
    "config.ingress.gateway.parentRefs[0].namespace=kube-system"
  };

  private static OperatorNode node;
  private static LiveDesktop desktop;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    RouterAddon.installGatewayCrds(node.cluster());
    RouterAddon.startGateway(node.cluster());
    node.kubectl(
        "patch",
        "deployment/traefik",
        "--namespace=kube-system",
        "--type=json",
        "--patch=[{\"op\": \"add\", \"path\": \"/spec/template/spec/containers/0/args/-\","
            + " \"value\": \"--providers.kubernetesgateway=true\"}]");
    node.install(GATEWAY);
    node.template("gateway", "resources: {defaultCPU: 200m, defaultMemory: 1Gi, defaultGPU: 0}");
    PageClient pages = new PageClient(node.cluster().address(), node.routerCertificate());
    desktop = LiveDesktop.of(node, pages, "default", "gateway-a");
    desktop.session().create("template: gateway, persistence: {enabled: false}");
  }

  @AfterAll
  static void end() {
    if (desktop == null) {
      return;
    }
    node.kubectl("delete", "vdi", "gateway-a", "--wait", "--timeout=90s");
    node.kubectl("delete", "vdit", "gateway");
    node.install();
    node.kubectl("rollout", "undo", "deployment/traefik", "--namespace=kube-system");
    List<String> delete = new ArrayList<>(List.of("delete", "--wait"));
    node.kubectl("get", "crd", "--output=name")
        .lines()
        .filter(crd -> crd.endsWith(".gateway.networking.k8s.io"))
        .forEach(delete::add);
    node.kubectl(delete.toArray(String[]::new));
  }

  @Test
  @DisplayName("the page is served with the password, and only after the gate was asked with one")
  void page() {
    desktop.awaitPage();
    desktop.session().expectChildNotFound(ResourceType.INGRESS_ROUTE);
    String route = desktop.session().childJson(ResourceType.HTTP_ROUTE).toString();
    assertThat(route).contains("\"type\":\"Accepted\"", "\"type\":\"ResolvedRefs\"");
    assertThat(
            desktop
                .session()
                .get()
                .status()
                .condition(Condition.ROUTE_READY)
                .orElseThrow()
                .isTrue())
        .isTrue();
    assertThat(desktop.pages().status(desktop.address(), Map.of())).isEqualTo(401);

    // The gate does not run: Traefik cannot ask it, and refuses the page.
    List<String> gate = new ArrayList<>(List.of(GATEWAY));
    gate.add("config.access.mode=gate");
    node.install(gate.toArray(String[]::new));
    await("the router to ask the gate")
        .atMost(SharedNode.PATIENCE)
        .until(() -> desktop.page() >= 500);
    node.install(GATEWAY);
    desktop.awaitPage();

    // The listener of the Gateway does not exist any more.
    List<String> other = new ArrayList<>(List.of(GATEWAY));
    other.add("config.ingress.gateway.parentRefs[0].sectionName=missing");
    node.install(other.toArray(String[]::new));
    desktop
        .session()
        .awaitUntil(
            "RouteReady to be False",
            now ->
                now.status()
                    .condition(Condition.ROUTE_READY)
                    .filter(condition -> condition.status().equals("False"))
                    .isPresent());
    node.install(GATEWAY);
    desktop.awaitPage();
  }
}
