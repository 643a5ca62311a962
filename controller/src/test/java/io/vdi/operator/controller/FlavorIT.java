package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static io.vdi.operator.devcluster.testing.SessionFixture.creationTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Flavor;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions of every flavor on the real API server, with simulated nodes; docs/flavors.md. */
@ExtendWith(ClusterExtension.class)
class FlavorIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  FlavorIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @ParameterizedTest
  @EnumSource(Flavor.class)
  void theApiServerAcceptsTheObjectsOfEachFlavor(Flavor flavor) {
    String template = "of-" + flavor.text();
    TestTemplates.applySimulated(
        api,
        template,
        "flavor: "
            + flavor.text()
            + (flavor == Flavor.CUSTOM ? ", custom: {port: 80, passwordEnv: PW}" : ""));
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session(template).create("template: " + template);
      session.awaitPhase(Phase.RUNNING);
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  void theServersTransportIsOlderThanTheRouteAndIsDeletedWithTheLastSession() {
    TestTemplates.applySimulated(api, "kasm", "flavor: kasmvnc");
    TestTemplates.applySimulated(api, "plain", "port: 8080");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture kasm = namespace.session("kasm").create("template: kasm");
      SessionFixture plain = namespace.session("plain").create("template: plain");
      kasm.awaitPhase(Phase.RUNNING);
      plain.awaitPhase(Phase.RUNNING);
      await("the route; the type of the ServersTransport may be found after the pod runs")
          .atMost(SessionFixture.PATIENCE)
          .ignoreExceptions()
          .until(() -> kasm.childJson(ResourceType.INGRESS_ROUTE).has("spec"));
      JsonObject route = kasm.childJson(ResourceType.INGRESS_ROUTE);
      assertThat(route.toString())
          .contains("\"scheme\":\"https\"", "\"serversTransport\":\"vdi-desktop\"");
      assertThat(plain.childJson(ResourceType.INGRESS_ROUTE).toString())
          .doesNotContain("https", "serversTransport");
      JsonObject created = transport().orElseThrow();
      assertThat(created.getAsJsonObject("spec")).hasToString("{\"insecureSkipVerify\":true}");
      assertThat(creationTime(created)).isBeforeOrEqualTo(creationTime(route));

      api.request("DELETE", path(), null).orElseThrow();
      await("the ServersTransport to be created again")
          .atMost(SessionFixture.PATIENCE)
          .until(() -> transport().ok().isPresent());
      api.mergePatch(
              ResourceType.SERVERS_TRANSPORT,
              namespace.name(),
              "vdi-desktop",
              Manifests.parse(
                      "{metadata: {annotations: {%s: other}}, spec: {insecureSkipVerify: false}}"
                          .formatted(Annotations.DESIRED_HASH))
                  .getFirst())
          .orElseThrow();
      await("the ServersTransport to be corrected")
          .atMost(SessionFixture.PATIENCE)
          .until(() ->
              transport()
                  .orElseThrow()
                  .getAsJsonObject("spec")
                  .toString()
                  .equals("{\"insecureSkipVerify\":true}"));
      kasm.deleteAndAwaitNotFound();
      await("the ServersTransport to be deleted")
          .atMost(SessionFixture.PATIENCE)
          .until(() -> transport().isNotFound());
      plain.deleteAndAwaitNotFound();
    }
  }

  @Test
  void aForeignServersTransportIsNotChangedAndKeepsTheRouteFromBeingWritten() {
    TestTemplates.applySimulated(api, "kasm", "flavor: kasmvnc");
    Manifests.apply(
        api,
        """
        {apiVersion: traefik.io/v1alpha1, kind: ServersTransport,
         metadata: {name: vdi-desktop, namespace: %s}, spec: {serverName: example.com}}
        """
            .formatted(namespace));
    try (RunningService _ = CONTROLLER.start(cluster)) {
      SessionFixture session = namespace.session("foreign").create("template: kasm");
      session.awaitPhase(Phase.RUNNING);
      session.awaitCondition(
          Condition.ROUTE_READY, ready -> ready.reason().equals("ForeignObject"));
      assertThat(session.hasChild(ResourceType.INGRESS_ROUTE)).isFalse();
      assertThat(transport().orElseThrow().get("spec"))
          .hasToString("{\"serverName\":\"example.com\"}");
      api.request("DELETE", path(), null).orElseThrow();
      session.awaitChild(ResourceType.INGRESS_ROUTE);
      session.deleteAndAwaitNotFound();
    }
  }

  private ApiResult<JsonObject> transport() {
    return api.request("GET", path(), null);
  }

  private String path() {
    return ResourceType.SERVERS_TRANSPORT.path(namespace.name(), "vdi-desktop");
  }
}
