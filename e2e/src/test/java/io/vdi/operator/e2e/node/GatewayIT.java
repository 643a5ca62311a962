package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Traefik serves desktops by the HTTPRoutes that the controller writes. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(50)
class GatewayIT {
  private static final String[] GATEWAY = {
    "config.ingress.kind=gateway",
    "config.ingress.gateway.parentRefs[0].name=" + RouterAddon.GATEWAY,
    "config.ingress.gateway.parentRefs[0].namespace=kube-system"
  };

  private static final String NAMES = "--output=name";

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
    desktop = LiveDesktop.of(node, pages, "default", "alice");
    desktop.session().create("template: gateway, persistence: {enabled: false}");
  }

  @AfterAll
  static void end() {
    if (desktop == null) {
      return;
    }
    node.kubectl("delete", "vdi", "alice", "--wait", "--timeout=90s");
    node.kubectl("delete", "vdit", "gateway");
    node.kubectl("rollout", "undo", "deployment/traefik", "--namespace=kube-system");
  }

  @Test
  @Order(1)
  @DisplayName("the page is served with the password")
  void page() {
    // The kubelet updates the file with the controller's settings within a minute.
    await("the route to be an HTTPRoute")
        .atMost(SharedNode.PATIENCE)
        .until(() ->
            node.kubectl("get", "ingressroute,httproute", "alice", "--ignore-not-found", NAMES)
                .equals("httproute.gateway.networking.k8s.io/alice\n"));
    desktop.awaitPage();
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
  }

  @Test
  @Order(2)
  @DisplayName("a user signs in through the Gateway and sees the desktop without its password")
  void gate() {
    assumeTrue(SingleSignOn.hasMemory(), "no memory for Keycloak");
    assumeTrue(Browser.provided(), "no browser");
    GateUsers users = new GateUsers(node, node.installWithGate(GATEWAY));
    await("the router to ask the gate")
        .atMost(SharedNode.PATIENCE)
        .until(() -> desktop.pages().status(desktop.address(), GateUsers.NAVIGATION) == 303);
    try (Browser browser = users.browser()) {
      users.signIn(browser, "alice", desktop);
    }
  }

  @Test
  @Order(3)
  @EnabledIfSystemProperty(
      named = "vdi.chaos",
      matches = "true",
      disabledReason = "runs in make chaos: the kubelet updates the settings once a minute")
  @DisplayName("a listener that does not exist is reported")
  void missingListener() {
    List<String> other = new ArrayList<>(List.of(GATEWAY));
    other.add("config.ingress.gateway.parentRefs[0].sectionName=missing");
    node.installWithoutGate(other.toArray(String[]::new));
    desktop
        .session()
        .awaitCondition(Condition.ROUTE_READY, condition -> condition.status().equals("False"));
    node.install(GATEWAY);
    desktop.awaitPage();
  }
}
