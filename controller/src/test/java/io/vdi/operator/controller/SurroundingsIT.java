package io.vdi.operator.controller;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.devcluster.Cluster;
import io.vdi.operator.devcluster.ClusterExtension;
import io.vdi.operator.devcluster.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.EmbeddedCluster;
import io.vdi.operator.devcluster.Manifests;
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
class SurroundingsIT {
  private final Cluster cluster;
  private final KubeApi api;
  private final String namespace;

  SurroundingsIT(Cluster cluster, KubeApi api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace.name();
  }

  @BeforeAll
  static void install(Cluster cluster, KubeApi api) {
    cluster.install(
        RunningController.CHART, RunningController.NAMESPACE, RunningController.SERVICE_ACCOUNT);
    cluster.installTraefikDefinitions();
    Desk.templates(api);
  }

  @Test
  void traefikIsTakenUpWhenItAppears() {
    assumeTrue(cluster instanceof EmbeddedCluster, "takes CRDs away: only in a cluster of our own");
    String crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ingressroutes.traefik.io";
    api.raw("DELETE", crd, null).orElseThrow();
    await()
        .atMost(Desk.PATIENCE)
        .until(() -> api.serves(Kind.INGRESS_ROUTE).ok().filter(yes -> !yes).isPresent());
    try (RunningController controller = RunningController.start(cluster, Map.of())) {
      Desk desk = Desk.create(api, namespace, "routeless", "rita@example.com", "template: kwok");
      desk.awaitPhase(Phase.RUNNING);
      Condition route = desk.session().status().condition(Condition.ROUTE_READY).orElseThrow();
      assertEquals("KindNotServed", route.reason());
      assertTrue(route.message().contains("install Traefik's CRDs"), route.message());
      cluster.installTraefikDefinitions();
      desk.awaitThat(
          "route ready", s -> s.status().condition(Condition.ROUTE_READY).orElseThrow().isTrue());
      desk.awaitChild(Kind.INGRESS_ROUTE);
      assertTrue(controller.port() > 0);
      desk.delete();
      desk.awaitGone();
    }
  }

  @Test
  void anIngressWhereTheSettingsSaySoAndAChangeOfMindWithoutARestart(@TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("application.yaml"), "ingress: {kind: ingress}");
    Desk desk = new Desk(api, namespace, "mindful");
    try (RunningController controller =
        RunningController.start(
            Cluster.connect(RunningController.kubeconfig(cluster)), Map.of(), Optional.of(file))) {
      desk.submit("mia@example.com", "template: kwok").orElseThrow();
      desk.awaitPhase(Phase.RUNNING);
      desk.awaitChild(Kind.INGRESS);
      desk.outdate(Kind.INGRESS);
      Desk hindered = new Desk(api, namespace, "hindered");
      hindered.putInTheWay(Kind.INGRESS);
      hindered.submit("hina@example.com", "template: kwok").orElseThrow();
      assertEquals(
          "Ingress hindered exists and is not owned by this session",
          hindered.awaitPhase(Phase.FAILED).status().message());
      hindered.delete();
      hindered.awaitGone();
      assertTrue(desk.child(Kind.INGRESS_ROUTE).isNotFound());
      Files.writeString(
          file, "{ingress: {kind: traefik}, tls: {mode: secretName, secretName: wild}}");
      desk.awaitChild(Kind.INGRESS_ROUTE);
      await().atMost(Desk.PATIENCE).until(() -> desk.child(Kind.INGRESS).isNotFound());
      assertEquals("https://mia.vdi.example.com", desk.session().status().url());
      Files.writeString(file, "tls: {mode: certResolver}");
      await()
          .atMost(Desk.PATIENCE)
          .until(() ->
              desk.raw(Kind.INGRESS_ROUTE)
                  .getAsJsonObject("spec")
                  .getAsJsonObject("tls")
                  .equals(Desk.parse("{\"certResolver\": \"letsencrypt\"}")));
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
      Desk desk = Desk.create(api, namespace, "relayed", "ron@example.com", "template: webrtc");
      desk.awaitPhase(Phase.RUNNING);
      JsonObject data = desk.raw(Kind.SECRET).getAsJsonObject("data");
      String user = decode(data.get("turn-username").getAsString());
      assertTrue(user.matches("\\d+:" + desk.session().uid()), user);
      assertTrue(!decode(data.get("turn-password").getAsString()).contains("shared-secret"));
      assertTrue(!desk.raw(Kind.POD).toString().contains("shared-secret"));
      assertTrue(controller.port() > 0);
      desk.delete();
      desk.awaitGone();
    }
  }

  private static String decode(String base64) {
    return new String(Base64.getDecoder().decode(base64));
  }
}
