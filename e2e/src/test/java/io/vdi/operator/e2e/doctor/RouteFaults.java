package io.vdi.operator.e2e.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.operator.FullCluster;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The way from the URL through the router to the desktop. */
abstract class RouteFaults {
  private final DoctorHarness harness;

  RouteFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void noEndpoints() {
    harness.shell(
        "kubectl patch service "
            + DoctorHarness.ALICE
            + " --type=merge --patch='{\"spec\": {\"selector\":"
            + " {\"app.kubernetes.io/instance\": \"nobody\"}}}'");
    harness.alice().awaitCauseAndFix(KnownCause.NO_ENDPOINTS);
  }

  @Test
  void routeMissing() {
    patchRoute("/spec/routes/0/match", "\"Host(`bob." + FullCluster.DOMAIN + "`)\"");
    harness.alice().awaitCauseAndFix(KnownCause.ROUTE_MISSING);
  }

  @Test
  void routeMiddleware() {
    patchRoute("/spec/routes/0/middlewares", "[{\"name\": \"nowhere\"}]");
    harness.alice().awaitCauseAndFix(KnownCause.ROUTE_MIDDLEWARE);
  }

  @Test
  void routeEntryPoint() {
    patchRoute("/spec/entryPoints", "[\"nowhere\"]");
    awaitCauseAndRecreateRoute(KnownCause.ROUTE_ENTRY_POINT);
  }

  @Test
  void routeCertificateResolver() {
    patchRoute("/spec/tls", "{\"certResolver\": \"nowhere\"}");
    awaitCauseAndRecreateRoute(KnownCause.ROUTE_CERTIFICATE_RESOLVER);
  }

  @Test
  void routerWithoutRoute() {
    patchRoute("/spec/routes/0/services/0/name", "\"nowhere\"");
    awaitCauseAndRecreateRoute(KnownCause.ROUTER_WITHOUT_ROUTE);
  }

  @Test
  void webSocketBlocked() {
    harness
        .node()
        .apply(
            """
            apiVersion: traefik.io/v1alpha1
            kind: Middleware
            metadata: {name: no-upgrade, namespace: default}
            spec: {headers: {customRequestHeaders: {Upgrade: "", Connection: ""}}}
            """);
    patchRoute("/spec/routes/0/middlewares", "[{\"name\": \"no-upgrade\"}]");
    awaitCauseAndRecreateRoute(KnownCause.WEBSOCKET_BLOCKED);
    harness.shell("kubectl delete middlewares.traefik.io no-upgrade");
  }

  @Test
  void routerUnreachable() {
    harness.alice().withRouter("127.0.0.2").awaitCause(KnownCause.ROUTER_UNREACHABLE);
  }

  @Test
  void certificateUntrusted() {
    harness.alice().withoutCertificate().awaitCause(KnownCause.CERTIFICATE_UNTRUSTED);
  }

  /**
   * The plugin runs with an empty hosts file, so that no name resolves and no DNS server is
   * queried.
   */
  @Test
  void hostNotResolvedReportedByThePlugin() {
    String report =
        harness
            .shell()
            .run(
                "kubectl vdi doctor " + DoctorHarness.ALICE + " -o json || true",
                Map.of("JDK_JAVA_OPTIONS", "-Djdk.net.hosts.file=/dev/null"));
    JsonObject first =
        KubeGson.gson()
            .fromJson(report, JsonObject.class)
            .getAsJsonArray("findings")
            .get(0)
            .getAsJsonObject();
    assertEquals(KnownCause.HOST_NOT_RESOLVED.code(), first.get("code").getAsString());
    harness.record(KnownCause.HOST_NOT_RESOLVED);
  }

  /** Deletes all routes of all sessions with their CRD. */
  @Test
  void routeKindNotServed() {
    harness.shell("kubectl delete crd ingressroutes.traefik.io");
    try {
      harness.alice().awaitCause(KnownCause.ROUTE_KIND_NOT_SERVED);
    } finally {
      RouterAddon.installCrds(harness.node().cluster());
      harness.shell("kubectl -n kube-system rollout restart deployment/traefik");
      harness.alice().awaitHealth();
    }
  }

  private void patchRoute(String path, String value) {
    harness.shell(
        "kubectl patch ingressroute "
            + DoctorHarness.ALICE
            + " --type=json --patch='[{\"op\": \"add\", \"path\": \""
            + path
            + "\", \"value\": "
            + value
            + "}]'");
  }

  /** The controller recreates the route after the test has deleted it. */
  private void awaitCauseAndRecreateRoute(KnownCause cause) {
    try {
      harness.alice().awaitCause(cause);
    } finally {
      harness.shell("kubectl delete ingressroute " + DoctorHarness.ALICE);
      harness.alice().awaitHealth();
    }
  }
}
