package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The controller with optional parts of the cluster, and with settings other than the defaults. */
@ExtendWith(ClusterExtension.class)
class ClusterVariantsIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;

  ClusterVariantsIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
  }

  @Test
  void createsIngressRouteOnceTraefikIsInstalled() {
    deleteCrd(ResourceType.INGRESS_ROUTE);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      expectRouteOnceTraefikIsInstalled("without-route", "install Traefik's CRDs");
    }
  }

  @Test
  void createsNoRouteWithAGateUntilMiddlewaresAreServed() {
    deleteCrd(ResourceType.MIDDLEWARE);
    try (RunningService _ = CONTROLLER.withConfigFile("access: {mode: gate}").start(cluster)) {
      expectRouteOnceTraefikIsInstalled("without-gate", "no middlewares.traefik.io");
    }
  }

  private void deleteCrd(ResourceType<?> type) {
    assumeTrue(
        cluster instanceof EmbeddedCluster, "deletes Traefik's CRDs: only in a cluster of our own");
    String crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + type.qualifiedName();
    api.request("DELETE", crd, null).orElseThrow();
    await("the API server to serve no " + type)
        .atMost(SessionFixture.PATIENCE)
        .until(() -> api.serves(type).ok().filter(yes -> !yes).isPresent());
  }

  /**
   * @param missing what the status says of the kind that is not served
   */
  private void expectRouteOnceTraefikIsInstalled(String name, String missing) {
    SessionFixture session = namespace.session(name).create("template: kwok");
    session.awaitPhase(Phase.RUNNING);
    Condition route = session.get().status().condition(Condition.ROUTE_READY).orElseThrow();
    assertThat(route.reason()).isEqualTo("KindNotServed");
    assertThat(route.message()).contains(missing);
    session.expectChildNotFound(ResourceType.INGRESS_ROUTE);

    RouterAddon.installCrds(cluster);
    session.awaitCondition(Condition.ROUTE_READY);
    session.awaitChild(ResourceType.INGRESS_ROUTE);
    session.deleteAndAwaitNotFound();
  }

  @Test
  @DisplayName(
      "A Service with a cluster IP, as earlier versions created it, is updated and keeps it")
  void keepsTheClusterIpOfAnExistingService() {
    SessionFixture before = namespace.session("before");
    try (RunningService _ =
        CONTROLLER.withConfigFile("ingress: {headlessServices: never}").start(cluster)) {
      before.create("template: kwok").awaitPhase(Phase.RUNNING);
    }
    String clusterIp = clusterIp(before);
    assertThat(clusterIp).isNotEqualTo("None");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      before.outdateChildAndAwaitUpdate(ResourceType.SERVICE);
      assertThat(clusterIp(before)).isEqualTo(clusterIp);
      SessionFixture after = namespace.session("after").create("template: kwok");
      after.awaitPhase(Phase.RUNNING);
      assertThat(clusterIp(after)).isEqualTo("None");
      after.outdateChildAndAwaitUpdate(ResourceType.SERVICE);
      assertThat(clusterIp(after)).isEqualTo("None");
    }
  }

  private String clusterIp(SessionFixture session) {
    return api.request("GET", ResourceType.SERVICE.path(namespace.name(), session.name()), null)
        .orElseThrow()
        .getAsJsonObject("spec")
        .get("clusterIP")
        .getAsString();
  }

  @Test
  void changesIngressKindAndTlsModeWithoutRestart() {
    try (RunningService.InThisJvm controller =
        CONTROLLER.withConfigFile("ingress: {kind: ingress}").start(cluster)) {
      SessionFixture session = namespace.session("mia").create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      session.awaitChild(ResourceType.INGRESS);
      session.outdateChildAndAwaitUpdate(ResourceType.INGRESS);
      SessionFixture blocked = namespace.session("blocked");
      blocked.createForeignChild(ResourceType.INGRESS);
      blocked.create("template: kwok");
      assertThat(blocked.awaitPhase(Phase.FAILED).status().message())
          .isEqualTo("Ingress blocked exists and is not owned by this session");
      blocked.deleteAndAwaitNotFound();
      session.expectChildNotFound(ResourceType.INGRESS_ROUTE);

      controller.configure("{ingress: {kind: traefik}, tls: {mode: secretName, secretName: wild}}");
      session.awaitChild(ResourceType.INGRESS_ROUTE);
      session.awaitChildNotFound(ResourceType.INGRESS);
      assertThat(session.get().status().url()).isEqualTo("https://mia.vdi.example.com");

      controller.configure("tls: {mode: certResolver}");
      JsonObject certResolver = new JsonObject();
      certResolver.addProperty("certResolver", "letsencrypt");
      await("the route to use the certificate resolver")
          .atMost(SessionFixture.PATIENCE)
          .until(
              () ->
                  session
                      .childJson(ResourceType.INGRESS_ROUTE)
                      .getAsJsonObject("spec")
                      .getAsJsonObject("tls"),
              certResolver::equals);
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  @DisplayName("labels, annotations, class and Middlewares of the configuration come and go")
  void routeMetadata() {
    try (RunningService.InThisJvm controller =
        CONTROLLER
            .withConfigFile(
                """
                ingress:
                  className: inner
                  middlewares: [headers, traefik/limits]
                  labels: {example.com/zone: inner}
                  annotations: {external-dns.alpha.kubernetes.io/target: vdi.example.com}
                """)
            .start(cluster)) {
      SessionFixture session = namespace.session("labelled").create("template: kwok");
      session.awaitPhase(Phase.RUNNING);
      session.awaitChild(ResourceType.INGRESS_ROUTE);
      JsonObject route = session.childJson(ResourceType.INGRESS_ROUTE);
      assertThat(route.getAsJsonObject("spec").getAsJsonArray("routes").get(0).toString())
          .contains("[{\"name\":\"headers\"},{\"name\":\"limits\",\"namespace\":\"traefik\"}]");
      assertThat(route.getAsJsonObject("metadata").toString())
          .contains(
              "\"example.com/zone\":\"inner\"",
              "\"external-dns.alpha.kubernetes.io/target\":\"vdi.example.com\"",
              "\"kubernetes.io/ingress.class\":\"inner\"");
      api.mergePatch(
              ResourceType.INGRESS_ROUTE,
              namespace.name(),
              "labelled",
              MergePatch.unconditional().annotation("example.com/other", "kept").toJson())
          .orElseThrow();

      controller.configure("ingress: {labels: {example.com/zone: outer}}");
      await("the route without what was removed from the configuration")
          .atMost(SessionFixture.PATIENCE)
          .untilAsserted(() ->
              assertThat(session.childJson(ResourceType.INGRESS_ROUTE).toString())
                  .contains("\"example.com/zone\":\"outer\"", "\"example.com/other\":\"kept\"")
                  .doesNotContain("external-dns", "ingress.class", "headers"));
      controller.configure("ingress: {kind: traefik}");
      await("the route without labels of the configuration")
          .atMost(SessionFixture.PATIENCE)
          .untilAsserted(() ->
              assertThat(session.childJson(ResourceType.INGRESS_ROUTE).toString())
                  .doesNotContain("example.com/zone", "added-metadata"));
      session.deleteAndAwaitNotFound();
    }
  }

  @Test
  @DisplayName("TURN credentials differ per session and do not contain the shared secret")
  void createsTurnCredentialsPerSession(@TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("turn"), "shared-secret\n");
    Map<String, String> settings =
        Map.of(
            "vdiConfig_TURN_HOST",
            "turn.example.com",
            "vdiConfig_TURN_SECRET_FILE",
            secret.toString());
    TestTemplates.applySimulated(api, "webrtc", "transport: webrtc");
    try (RunningService _ = CONTROLLER.withSettings(settings).start(cluster)) {
      SessionFixture session = namespace.session("relayed").create("template: webrtc");
      session.awaitPhase(Phase.RUNNING);
      JsonObject data = session.childJson(ResourceType.SECRET).getAsJsonObject("data");
      assertThat(decode(data, "turn-username")).matches("\\d+:" + session.get().uid());
      assertThat(decode(data, "turn-password")).doesNotContain("shared-secret");
      assertThat(session.childJson(ResourceType.POD).toString()).doesNotContain("shared-secret");
      session.deleteAndAwaitNotFound();
    }
  }

  private static String decode(JsonObject data, String key) {
    return new String(Base64.getDecoder().decode(data.get(key).getAsString()));
  }
}
