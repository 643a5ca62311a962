package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static io.vdi.operator.devcluster.testing.SessionFixture.creationTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Routes that ask the gate, on the real API server; docs/specification.md, section 8. The tests
 * share a namespace, whose Middleware exists as long as there is a session in it.
 */
@ExtendWith(ClusterExtension.class)
class AccessModeIT {
  private static final String GATE = "access: {mode: gate}";
  private static final String GATE_INGRESS = ResourceNames.gateIngress("nginx");
  private static final String BASIC = "access: {mode: basic}";

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  AccessModeIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @BeforeEach
  void template() {
    TestTemplates.applySimulated(api, "gated", "port: 8080");
  }

  @Test
  void theMiddlewareIsOlderThanTheRouteAndIsDeletedWithTheLastSession() {
    try (RunningService _ = CONTROLLER.withConfigFile(GATE).start(cluster)) {
      SessionFixture first = namespace.session("first").create("template: gated");
      SessionFixture second = namespace.session("second").create("template: gated");
      first.awaitPhase(Phase.RUNNING);
      second.awaitPhase(Phase.RUNNING);
      assertThat(route(first)).contains("\"middlewares\":[{\"name\":\"vdi-gate\"}]");
      JsonObject middleware = middleware().orElseThrow();
      assertThat(middleware.get("spec").toString())
          .contains("http://vdi-gate.vdi-system.svc:8082/forward-auth");
      assertThat(creationTime(middleware))
          .isBeforeOrEqualTo(creationTime(first.childJson(ResourceType.INGRESS_ROUTE)))
          .isBeforeOrEqualTo(creationTime(second.childJson(ResourceType.INGRESS_ROUTE)));
      first.deleteAndAwaitNotFound();
      assertThat(middleware().ok()).isPresent();
      second.deleteAndAwaitNotFound();
      awaitMiddleware("to be deleted", ApiResult::isNotFound);
    }
  }

  @Test
  void aChangeOfTheModeUpdatesRoutesThatExist() {
    try (RunningService.InThisJvm controller = CONTROLLER.withConfigFile(BASIC).start(cluster)) {
      SessionFixture session = namespace.session("mode").create("template: gated");
      session.awaitPhase(Phase.RUNNING);
      String url = session.get().status().url();
      assertThat(route(session)).doesNotContain("middlewares", "access-mode");
      controller.configure(GATE);
      await("the route to ask the gate")
          .atMost(SessionFixture.PATIENCE)
          .until(() -> route(session).contains("\"middlewares\":[{\"name\":\"vdi-gate\"}]"));
      assertThat(middleware().ok()).isPresent();
      controller.configure(
          "access: {mode: gate, gate: {forwardAuthUrl: 'http://10.0.0.9:8082/forward-auth'}}");
      awaitMiddleware(
          "to have the other address",
          found -> found.orElseThrow().toString().contains("10.0.0.9"));
      controller.configure(BASIC);
      await("the route to ask nobody")
          .atMost(SessionFixture.PATIENCE)
          .until(() -> !route(session).contains("middlewares"));
      assertThat(route(session)).doesNotContain("access-mode");
      awaitMiddleware("to be deleted", ApiResult::isNotFound);
      assertThat(session.get().status().url()).isEqualTo(url);
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  void aDeletedMiddlewareComesBack() {
    try (RunningService _ = CONTROLLER.withConfigFile(GATE).start(cluster)) {
      SessionFixture session = namespace.session("back").create("template: gated");
      session.awaitPhase(Phase.RUNNING);
      api.request("DELETE", path(), null).orElseThrow();
      awaitMiddleware("to be created again", found -> found.ok().isPresent());
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  void aForeignMiddlewareIsNotChangedAndKeepsTheRouteFromBeingWritten() {
    Manifests.apply(
        api,
        """
        {apiVersion: traefik.io/v1alpha1, kind: Middleware,
         metadata: {name: vdi-gate, namespace: %s}, spec: {compress: {}}}
        """
            .formatted(namespace));
    try (RunningService _ = CONTROLLER.withConfigFile(GATE).start(cluster)) {
      SessionFixture session = namespace.session("foreign").create("template: gated");
      session.awaitPhase(Phase.RUNNING);
      Condition ready =
          session.awaitCondition(Condition.ROUTE_READY, condition -> !condition.isTrue());
      assertThat(ready.message())
          .startsWith("Middleware vdi-gate exists and is not owned by this session");
      assertThat(session.hasChild(ResourceType.INGRESS_ROUTE)).isFalse();
      assertThat(middleware().orElseThrow().get("spec")).hasToString("{\"compress\":{}}");
      api.request("DELETE", path(), null).orElseThrow();
      session.awaitChild(ResourceType.INGRESS_ROUTE);
      assertThat(route(session)).contains("vdi-gate");
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  void anIngressOfTraefikAsksTheGate() {
    String ingress = "ingress: {kind: ingress, className: traefik}\n";
    try (RunningService.InThisJvm controller =
        CONTROLLER.withConfigFile(ingress + GATE).start(cluster)) {
      SessionFixture session = namespace.session("ingress").create("template: gated");
      session.awaitChild(ResourceType.INGRESS);
      assertThat(session.childJson(ResourceType.INGRESS).toString())
          .contains(
              "\"traefik.ingress.kubernetes.io/router.middlewares\":\"%s-vdi-gate@kubernetescrd\""
                  .formatted(namespace.name()));
      assertThat(middleware().ok()).isPresent();
      controller.configure(ingress + BASIC);
      await("the Ingress to ask nobody")
          .atMost(SessionFixture.PATIENCE)
          .until(
              () -> !session.childJson(ResourceType.INGRESS).toString().contains("kubernetescrd"));
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  void anIngressOfIngressNginxAsksTheGateAndAnotherLeadsToItsPages() {
    String ingress = "ingress: {kind: ingress, controller: ingressNginx}\n";
    try (RunningService.InThisJvm controller =
        CONTROLLER.withConfigFile(ingress + GATE).start(cluster)) {
      SessionFixture session = namespace.session("nginx").create("template: gated");
      session.awaitPhase(Phase.RUNNING);
      assertThat(session.childJson(ResourceType.INGRESS).toString())
          .contains(
              "\"http://vdi-gate.vdi-system.svc.cluster.local:8082/forward-auth/nginx?host=nginx.");
      JsonObject service = gateService().orElseThrow();
      JsonObject pages = gateIngress().orElseThrow();
      assertThat(service.get("spec").toString())
          .contains("\"externalName\":\"vdi-gate.vdi-system.svc.cluster.local\"");
      assertThat(pages.toString()).contains("\"path\":\"/.vdi\"").doesNotContain("/auth-url");
      assertThat(creationTime(service))
          .isBeforeOrEqualTo(creationTime(session.childJson(ResourceType.INGRESS)));
      api.request(
              "DELETE",
              ResourceType.SERVICE.path(namespace.name(), ResourceNames.GATE_SERVICE),
              null)
          .orElseThrow();
      api.request("DELETE", ResourceType.INGRESS.path(namespace.name(), GATE_INGRESS), null)
          .orElseThrow();
      awaitThat(
          "Service and Ingress to be created again",
          () -> gateService().ok().isPresent() && gateIngress().ok().isPresent());
      controller.configure(
          ingress
              + "access: {mode: gate, gate: {forwardAuthUrl: 'https://gate.example.com/auth'}}");
      awaitThat(
          "the other address",
          () ->
              gateService().orElseThrow().toString().contains("gate.example.com")
                  && gateIngress().orElseThrow().toString().contains("\"number\":443"));
      controller.configure(ingress + BASIC);
      awaitThat(
          "the Ingress to ask nobody",
          () -> !session.childJson(ResourceType.INGRESS).toString().contains("/auth-"));
      awaitThat(
          "Service and Ingress to be deleted",
          () -> gateService().isNotFound() && gateIngress().isNotFound());
      controller.configure(ingress + GATE);
      awaitThat(
          "Service and Ingress to be created",
          () -> gateService().ok().isPresent() && gateIngress().ok().isPresent());
      session.deleteAndAwaitNotFound();
      awaitThat(
          "Service and Ingress to be deleted with the session",
          () -> gateService().isNotFound() && gateIngress().isNotFound());
    }
  }

  private static void awaitThat(String what, Callable<Boolean> condition) {
    await(what).atMost(SessionFixture.PATIENCE).ignoreExceptions().until(condition);
  }

  private ApiResult<JsonObject> gateService() {
    return api.request(
        "GET", ResourceType.SERVICE.path(namespace.name(), ResourceNames.GATE_SERVICE), null);
  }

  private ApiResult<JsonObject> gateIngress() {
    return api.request("GET", ResourceType.INGRESS.path(namespace.name(), GATE_INGRESS), null);
  }

  private static String route(SessionFixture session) {
    return session.childJson(ResourceType.INGRESS_ROUTE).toString();
  }

  private void awaitMiddleware(String what, Predicate<ApiResult<JsonObject>> state) {
    await("the Middleware " + what)
        .atMost(SessionFixture.PATIENCE)
        .ignoreExceptions()
        .until(this::middleware, state);
  }

  private ApiResult<JsonObject> middleware() {
    return api.request("GET", path(), null);
  }

  private String path() {
    return ResourceType.MIDDLEWARE.path(namespace.name(), "vdi-gate");
  }
}
