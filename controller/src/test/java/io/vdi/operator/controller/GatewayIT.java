package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Routes of the Gateway API, and CRDs of routes that are deleted and installed while the controller
 * runs. The tests write what the router of a Gateway reports.
 */
@ExtendWith(ClusterExtension.class)
class GatewayIT {
  /** How long the status may show a route whose CRD is deleted. */
  private static final Duration NOTICED = Duration.ofSeconds(60);

  private static final String CONFIG =
      """
      ingress:
        kind: gateway
        labels: {team: desks}
        gateway: {parentRefs: [{name: inner, namespace: infra, sectionName: web, port: 443}]}
      """;

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  GatewayIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    RouterAddon.installGatewayCrds(cluster);
  }

  @Test
  @DisplayName("a session has an HTTPRoute, which is repaired, and deleted with the kind")
  void httpRoutes() {
    try (RunningService.InThisJvm controller = CONTROLLER.withConfigFile(CONFIG).start(cluster)) {
      SessionFixture session = namespace.session("mia").create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      session.awaitChild(ResourceType.HTTP_ROUTE);
      JsonObject route = session.childJson(ResourceType.HTTP_ROUTE);
      assertThat(route.getAsJsonObject("spec").toString())
          .contains(
              "\"hostnames\":[\"mia.vdi.example.com\"]",
              "\"name\":\"inner\"",
              "\"namespace\":\"infra\"",
              "\"sectionName\":\"web\"",
              "\"port\":443",
              "\"port\":8080")
          .doesNotContain("filters");
      assertThat(route.getAsJsonObject("metadata").toString()).contains("\"team\":\"desks\"");
      session.expectChildNotFound(ResourceType.INGRESS_ROUTE);
      session.outdateChildAndAwaitUpdate(ResourceType.HTTP_ROUTE);
      session.deleteChildAndAwaitAnother(ResourceType.HTTP_ROUTE);

      SessionFixture blocked = namespace.session("blocked");
      blocked.createForeignChild(ResourceType.HTTP_ROUTE);
      blocked.create("template: kwok");
      assertThat(blocked.awaitPhase(Phase.FAILED).status().message())
          .startsWith("HTTPRoute blocked exists and is not owned by this session");
      blocked.deleteAndAwaitNotFound();
      SessionFixture unlabelled = namespace.session("unlabelled");
      Manifests.apply(
          api,
          """
          apiVersion: gateway.networking.k8s.io/v1
          kind: HTTPRoute
          metadata: {name: unlabelled}
          spec: {parentRefs: [{name: x}]}
          """,
          namespace.name());
      unlabelled.create("template: kwok");
      unlabelled.awaitCondition(
          Condition.ROUTE_READY, condition -> condition.reason().equals("ForeignObject"));
      unlabelled.deleteAndAwaitNotFound();

      controller.configure(CONFIG + "access: {mode: gate}");
      await("the route to refer to the Middleware")
          .atMost(SessionFixture.PATIENCE)
          .until(() ->
              session
                  .childJson(ResourceType.HTTP_ROUTE)
                  .toString()
                  .contains(
                      "{\"extensionRef\":{\"group\":\"traefik.io\",\"kind\":\"Middleware\",\"name\":\"vdi-gate\"},"
                          + "\"type\":\"ExtensionRef\"}"));
      assertThat(api.get(ResourceType.MIDDLEWARE, namespace.name(), ResourceNames.MIDDLEWARE).ok())
          .isPresent();

      controller.configure("ingress: {kind: traefik}");
      session.awaitChild(ResourceType.INGRESS_ROUTE);
      session.awaitChildNotFound(ResourceType.HTTP_ROUTE);
      controller.configure(CONFIG);
      session.awaitChild(ResourceType.HTTP_ROUTE);
      session.awaitChildNotFound(ResourceType.INGRESS_ROUTE);
      session.deleteAndAwaitNotFound();
      session.awaitChildNotFound(ResourceType.HTTP_ROUTE);
    }
  }

  @Test
  @DisplayName("RouteReady shows what the router of the Gateway reports")
  void conditions() {
    try (RunningService _ = CONTROLLER.withConfigFile(CONFIG).start(cluster)) {
      SessionFixture session = namespace.session("reported").create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      session.awaitCondition(Condition.ROUTE_READY, Condition::isTrue);
      routerReports(session, "Accepted", "False", "NotAllowedByListeners", "no listener allows it");
      session.awaitCondition(
          Condition.ROUTE_READY,
          condition ->
              condition.status().equals("False")
                  && condition.reason().equals("NotAllowedByListeners")
                  && condition.message().startsWith("Gateway inner: no listener allows it"));
      assertThat(session.get().status().currentPhase()).contains(Phase.RUNNING);
      routerReports(session, "Accepted", "True", "Accepted", "");
      session.awaitCondition(Condition.ROUTE_READY, Condition::isTrue);
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  @DisplayName("the CRD of HTTPRoutes is deleted and installed while the controller runs")
  void gatewayApiIsRemovedAndInstalled() {
    try (RunningService _ = CONTROLLER.withConfigFile(CONFIG).start(cluster)) {
      removeAndInstall(
          ResourceType.HTTP_ROUTE,
          () -> RouterAddon.installGatewayCrds(cluster),
          "the Gateway API");
    }
  }

  @Test
  @DisplayName("the CRD of IngressRoutes is deleted and installed while the controller runs")
  void traefikIsRemovedAndInstalled() {
    try (RunningService _ = CONTROLLER.start(cluster)) {
      removeAndInstall(
          ResourceType.INGRESS_ROUTE, () -> RouterAddon.installCrds(cluster), "Traefik's CRDs");
    }
  }

  private void removeAndInstall(ResourceType<?> type, Runnable install, String hint) {
    assumeTrue(cluster instanceof EmbeddedCluster, "deletes CRDs: only in a cluster of our own");
    SessionFixture session = namespace.session("stays").create("template: kwok");
    SessionFixture leaving = namespace.session("leaves").create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    leaving.awaitPhase(Phase.RUNNING);
    session.awaitChild(type);
    leaving.awaitChild(type);

    String crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + type.qualifiedName();
    api.request("DELETE", crd, null).orElseThrow();
    for (SessionFixture each : new SessionFixture[] {session, leaving}) {
      await("RouteReady of " + each.name())
          .atMost(NOTICED)
          .until(() -> route(each).filter(c -> c.reason().equals("KindNotServed")).isPresent());
    }
    assertThat(route(session).orElseThrow().message()).contains("install ", hint);
    assertThat(session.get().status().currentPhase()).contains(Phase.RUNNING);
    leaving.deleteAndAwaitNotFound();
    SessionFixture late = namespace.session("late").create("template: kwok");
    late.awaitPhase(Phase.RUNNING);
    late.awaitCondition(
        Condition.ROUTE_READY, condition -> condition.reason().equals("KindNotServed"));

    await("the CRD to be deleted")
        .atMost(SessionFixture.PATIENCE)
        .until(() -> api.request("GET", crd, null).isNotFound());
    install.run();
    for (SessionFixture each : new SessionFixture[] {session, late}) {
      each.awaitChild(type);
      each.awaitCondition(Condition.ROUTE_READY, Condition::isTrue);
      each.outdateChildAndAwaitUpdate(type);
      each.deleteAndAwaitNotFound();
      each.awaitChildNotFound(type);
    }
  }

  private static Optional<Condition> route(SessionFixture session) {
    return session.get().status().condition(Condition.ROUTE_READY);
  }

  private void routerReports(
      SessionFixture session, String type, String status, String reason, String message) {
    long generation = session.child(ResourceType.HTTP_ROUTE).orElseThrow().metadata().generation();
    JsonObject patch =
        JsonParser.parseString(
                """
                {"status": {"parents": [{
                  "parentRef": {"name": "inner", "namespace": "infra"},
                  "controllerName": "example.com/router",
                  "conditions": [{"type": "%s", "status": "%s", "reason": "%s", "message": "%s",
                    "observedGeneration": %d, "lastTransitionTime": "2026-01-01T12:00:00Z"}]}]}}
                """
                    .formatted(type, status, reason, message, generation))
            .getAsJsonObject();
    api.mergePatchStatus(ResourceType.HTTP_ROUTE, session.namespace(), session.name(), patch)
        .orElseThrow();
  }
}
