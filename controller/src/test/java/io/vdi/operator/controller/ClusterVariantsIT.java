package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.cluster.EmbeddedCluster;
import io.vdi.operator.devcluster.cluster.Manifests;
import io.vdi.operator.devcluster.operator.ChartInstaller;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the cluster has or lacks, and what the settings say about it. */
@ExtendWith(ClusterExtension.class)
class ClusterVariantsIT {
  private final Cluster cluster;
  private final KubeClient api;
  private final String namespace;

  ClusterVariantsIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    new ChartInstaller(cluster, RunningController.CHART, RunningController.NAMESPACE)
        .installController();
    RouterAddon.installCrds(cluster);
    SessionFixture.templates(api);
  }

  @Test
  void traefikIsTakenUpWhenItAppears() {
    assumeTrue(cluster instanceof EmbeddedCluster, "takes CRDs away: only in a cluster of our own");
    String crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ingressroutes.traefik.io";
    api.request("DELETE", crd, null).orElseThrow();
    await()
        .atMost(SessionFixture.PATIENCE)
        .until(() -> api.serves(ResourceType.INGRESS_ROUTE).ok().filter(yes -> !yes).isPresent());
    try (RunningController controller = RunningController.start(cluster, Map.of())) {
      SessionFixture desk =
          SessionFixture.create(api, namespace, "routeless", "rita@example.com", "template: kwok");
      desk.awaitPhase(Phase.RUNNING);
      Condition route = desk.session().status().condition(Condition.ROUTE_READY).orElseThrow();
      assertEquals("KindNotServed", route.reason());
      assertTrue(route.message().contains("install Traefik's CRDs"), route.message());
      RouterAddon.installCrds(cluster);
      desk.awaitThat(
          "route ready", s -> s.status().condition(Condition.ROUTE_READY).orElseThrow().isTrue());
      desk.awaitChild(ResourceType.INGRESS_ROUTE);
      assertTrue(controller.port() > 0);
      desk.delete();
      desk.awaitGone();
    }
  }

  @Test
  void anIngressWhereTheSettingsSaySoAndAChangeOfMindWithoutARestart(@TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("application.yaml"), "ingress: {kind: ingress}");
    SessionFixture desk = new SessionFixture(api, namespace, "mindful");
    try (RunningController controller =
        RunningController.start(
            Cluster.connect(RunningController.kubeconfig(cluster)), Map.of(), Optional.of(file))) {
      desk.submit("mia@example.com", "template: kwok").orElseThrow();
      desk.awaitPhase(Phase.RUNNING);
      desk.awaitChild(ResourceType.INGRESS);
      desk.outdate(ResourceType.INGRESS);
      SessionFixture hindered = new SessionFixture(api, namespace, "hindered");
      hindered.putInTheWay(ResourceType.INGRESS);
      hindered.submit("hina@example.com", "template: kwok").orElseThrow();
      assertEquals(
          "Ingress hindered exists and is not owned by this session",
          hindered.awaitPhase(Phase.FAILED).status().message());
      hindered.delete();
      hindered.awaitGone();
      assertTrue(desk.child(ResourceType.INGRESS_ROUTE).isNotFound());
      Files.writeString(
          file, "{ingress: {kind: traefik}, tls: {mode: secretName, secretName: wild}}");
      desk.awaitChild(ResourceType.INGRESS_ROUTE);
      await()
          .atMost(SessionFixture.PATIENCE)
          .until(() -> desk.child(ResourceType.INGRESS).isNotFound());
      assertEquals("https://mia.vdi.example.com", desk.session().status().url());
      Files.writeString(file, "tls: {mode: certResolver}");
      await()
          .atMost(SessionFixture.PATIENCE)
          .until(() ->
              desk.raw(ResourceType.INGRESS_ROUTE)
                  .getAsJsonObject("spec")
                  .getAsJsonObject("tls")
                  .equals(SessionFixture.parse("{\"certResolver\": \"letsencrypt\"}")));
      assertTrue(controller.port() > 0);
      desk.delete();
      desk.awaitGone();
    }
  }

  @Test
  void turnCredentialsAreMadePerSessionAndNeverShown(@TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("turn"), "shared-secret\n");
    Map<String, String> settings =
        Map.of("VDI_TURN_HOST", "turn.example.com", "VDI_TURN_SECRET_FILE", secret.toString());
    try (RunningController controller = RunningController.start(cluster, settings)) {
      Manifests.apply(
          api,
          """
          {apiVersion: vdi.kasm.io/v1alpha1, kind: VDITemplate, metadata: {name: webrtc},
           spec: {image: desktop, transport: webrtc, persistence: {storageClassName: kwok-volume},
          nodeSelector: {vdi.devcluster/simulated: "true"}}}
          """);
      SessionFixture desk =
          SessionFixture.create(api, namespace, "relayed", "ron@example.com", "template: webrtc");
      desk.awaitPhase(Phase.RUNNING);
      JsonObject data = desk.raw(ResourceType.SECRET).getAsJsonObject("data");
      String user = decode(data.get("turn-username").getAsString());
      assertTrue(user.matches("\\d+:" + desk.session().uid()), user);
      assertTrue(!decode(data.get("turn-password").getAsString()).contains("shared-secret"));
      assertTrue(!desk.raw(ResourceType.POD).toString().contains("shared-secret"));
      assertTrue(controller.port() > 0);
      desk.delete();
      desk.awaitGone();
    }
  }

  private static String decode(String base64) {
    return new String(Base64.getDecoder().decode(base64));
  }
}
