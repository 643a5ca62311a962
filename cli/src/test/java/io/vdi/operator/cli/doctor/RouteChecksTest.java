package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import java.io.IOException;
import java.net.InetAddress;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a web server that stands for the router. Its URLs are HTTP; RouterClientTest covers TLS. */
class RouteChecksTest {
  private static final String TRAEFIK = "/apis/traefik.io/v1alpha1";
  private static final String ROUTE = TRAEFIK + "/namespaces/team-a/ingressroutes/alice";
  private static final String HOST = "alice.vdi.example.com";

  private final CheckRunner runner = new CheckRunner();
  private final MockWebServer router = new MockWebServer();

  @BeforeEach
  void start() throws IOException {
    router.start(InetAddress.getLoopbackAddress(), 0);
    session("Running", 3600);
    runner
        .fake
        .put(FakeCluster.core("secrets", "vdi-auth-alice"), "data: {password: c2VjcmV0}")
        .put(
            "/api/v1/namespaces/kube-system/pods/traefik",
            """
            spec:
              containers:
                - args: [--entryPoints.web.address=:80, --certificatesresolvers.acme.email=a, x]
            """);
    route("entryPoints: [web], tls: {certResolver: acme}");
  }

  @AfterEach
  void stop() {
    runner.close();
    router.close();
  }

  private void session(String phase, long ageSeconds) {
    runner.alice(
        "", "phase: %s, url: 'http://%s:%d'".formatted(phase, HOST, router.getPort()), ageSeconds);
  }

  private void route(String spec) {
    runner.fake.put(ROUTE, "spec: {routes: [{match: 'Host(`%s`)'}], %s}".formatted(HOST, spec));
  }

  private String check(String name) {
    return runner.runOnAlice(RouteChecks.checks(), name);
  }

  @Test
  void theRouteMatchesTheHostOfTheUrl() {
    assertThat(check("route")).isEqualTo("ok: " + HOST);
    runner.fake.put(ROUTE, "spec: {routes: [{match: 'Host(`bob`)'}]}");
    assertThat(check("route"))
        .isEqualTo(
            "VDI312 ingressroute alice in team-a: it matches Host(`bob`); the URL's host is "
                + HOST);
  }

  @Test
  void anHttpRouteIsCheckedLikeTheOtherKinds() {
    String path = "/apis/gateway.networking.k8s.io/v1/namespaces/team-a/httproutes/alice";
    runner.fake.remove(ROUTE).put(path, "spec: {hostnames: [bob], rules: [{}]}");
    assertThat(check("route"))
        .isEqualTo(
            "VDI312 httproute alice in team-a: it matches Host(`bob`); the URL's host is " + HOST);
    runner.fake.put(
        path,
        """
        metadata: {annotations: {vdi.kasm.io/access-mode: gate}}
        spec: {hostnames: [%s], rules: [{filters: [%s]}]}
        """
            .formatted(HOST, ""));
    assertThat(check("route")).isEqualTo("ok: " + HOST);
    assertThat(check("middleware")).isEqualTo("ok: all exist");
    assertThat(check("attached")).endsWith("it does not refer to the Middleware vdi-gate");
    runner.fake.put(
        path,
        """
        metadata: {annotations: {vdi.kasm.io/access-mode: gate}}
        spec: {hostnames: [%s], rules: [{filters: [{type: ExtensionRef, extensionRef: {
          group: traefik.io, kind: Middleware, name: vdi-gate}}]}]}
        """
            .formatted(HOST));
    assertThat(check("middleware"))
        .isEqualTo("VDI315 httproute alice in team-a: Middleware vdi-gate does not exist");
    runner.fake.put(
        TRAEFIK + "/namespaces/team-a/middlewares/vdi-gate",
        "spec: {forwardAuth: {address: 'http://gate'}}");
    assertThat(check("middleware")).isEqualTo("ok: all exist");
    assertThat(check("attached")).startsWith("VDI");
  }

  @Test
  void theRouteMustAskTheGate() {
    assertThat(check("attached")).isEqualTo("ok: the desktop asks for its password");
    runner.fake.put(
        "/api/v1/namespaces/vdi-system/configmaps/vdi-config",
        "{data: {controller.yaml: 'access: {mode: gate}'}}");
    assertThat(check("attached"))
        .isEqualTo(
            "VDI327 ingressroute alice in team-a: it has no annotation vdi.kasm.io/access-mode: gate");
    gateRoute("");
    assertThat(check("attached")).endsWith("it does not refer to the Middleware vdi-gate");
    gateRoute("middlewares: [{name: vdi-gate}]");
    assertThat(check("attached")).endsWith("Middleware vdi-gate has no forwardAuth.address");
    runner.fake.put(
        TRAEFIK + "/namespaces/team-a/middlewares/vdi-gate",
        "spec: {forwardAuth: {address: 'http://vdi-gate.vdi-system.svc:8082/forward-auth'}}");
    // Browsers keep no cookies of the gate for an http address.
    assertThat(check("attached")).startsWith("VDI126 the URL in team-a: it is http://");
    runner.alice("", "phase: Running, url: 'https://" + HOST + "'", 3600);
    assertThat(check("attached")).isEqualTo("ok: the router asks it");
    assertThat(check("websocket")).isEqualTo("skipped: only a browser that is signed in opens it");
  }

  private void gateRoute(String rule) {
    runner.fake.put(
        ROUTE,
        "{metadata: {annotations: {vdi.kasm.io/access-mode: gate}}, spec: {routes: [{match: 'Host(`%s`)', %s}]}}"
            .formatted(HOST, rule));
  }

  @Test
  void anIngressIsARouteToo() {
    runner.fake.remove(ROUTE);
    runner.fake.put(
        "/apis/networking.k8s.io/v1/namespaces/team-a/ingresses/alice",
        "spec: {rules: [{host: alice.vdi.example.com}]}");
    assertThat(check("route")).isEqualTo("ok: " + HOST);
    assertThat(check("middleware")).isEqualTo("skipped: the session has no IngressRoute");
  }

  @Test
  void anIngressOfIngressNginxAsksTheGateAndAnotherLeadsToItsPages() {
    runner.fake.remove(ROUTE);
    String ingresses = "/apis/networking.k8s.io/v1/namespaces/team-a/ingresses/";
    runner.fake.put(
        ingresses + "alice",
        """
        metadata: {annotations: {vdi.kasm.io/access-mode: gate,
          nginx.ingress.kubernetes.io/auth-url: 'http://gate/forward-auth/nginx'}}
        spec: {rules: [{host: %s}]}
        """
            .formatted(HOST));
    runner.alice("", "phase: Running, url: 'https://" + HOST + "'", 3600);
    assertThat(check("attached"))
        .isEqualTo("VDI327 ingress alice in team-a: Service vdi-gate-external does not exist");
    runner.fake.put("/api/v1/namespaces/team-a/services/vdi-gate-external", "spec: {}");
    assertThat(check("attached")).endsWith("Ingress 0-vdi-gate-alice does not exist");
    runner.fake.put(ingresses + "0-vdi-gate-alice", "spec: {}");
    assertThat(check("attached")).isEqualTo("ok: the router asks it");
  }

  @Test
  void aMissingRouteIsReported() {
    runner.fake.remove(ROUTE);
    assertThat(check("route"))
        .isEqualTo("VDI311 ingressroute alice in team-a: ingressroutes.traefik.io is not served");
    runner.fake.put(TRAEFIK, "resources: [{name: ingressroutes}]");
    assertThat(check("route")).isEqualTo("VDI312 ingressroute alice in team-a: it does not exist");
    runner
        .fake
        .put("/apis/gateway.networking.k8s.io/v1", "resources: [{name: httproutes}]")
        .put(
            "/api/v1/namespaces/vdi-system/configmaps/vdi-config",
            "{data: {controller.yaml: 'ingress: {kind: gateway}'}}");
    assertThat(check("route")).isEqualTo("VDI312 httproute alice in team-a: it does not exist");
  }

  @Test
  void aRouteThatTheControllerCannotCreateIsReported() {
    runner.alice(
        "",
        "phase: Running, conditions: [{type: RouteReady, status: 'False', message: no Traefik}]",
        60);
    assertThat(check("route")).isEqualTo("VDI311 vdisession alice in team-a: no Traefik");
  }

  @Test
  void withoutUrlTheRouteIsUnknown() {
    runner.alice("", "phase: Pending", 60);
    assertThat(check("route")).isEqualTo("skipped: the session has no URL");
  }

  @Test
  void middlewaresMustExist() {
    assertThat(check("middleware")).isEqualTo("ok: all exist");
    runner.fake.put(
        ROUTE,
        "spec: {routes: [{middlewares: [{name: auth@file}, {name: headers, namespace: infra}]}]}");
    assertThat(check("middleware"))
        .isEqualTo("VDI315 ingressroute alice in team-a: Middleware headers does not exist");
    runner.fake.put(TRAEFIK + "/namespaces/infra/middlewares/headers", "spec: {}");
    assertThat(check("middleware")).isEqualTo("ok: all exist");
  }

  @Test
  void entryPointsAndResolversMustBeOptionsOfTraefik() {
    assertThat(check("entrypoint")).isEqualTo("ok: all exist in the router");
    assertThat(check("resolver")).isEqualTo("ok: acme");
    route("entryPoints: [web, websecure], tls: {certResolver: letsencrypt}");
    assertThat(check("entrypoint"))
        .isEqualTo("VDI313 ingressroute alice in team-a: spec.entryPoints contains websecure");
    assertThat(check("resolver"))
        .isEqualTo("VDI314 ingressroute alice in team-a: spec.tls.certResolver is letsencrypt");
    route("tls: {}");
    assertThat(check("resolver")).isEqualTo("ok: the route uses none");
  }

  @Test
  void withoutTraefikPodsTheEntryPointsAreUnknown() {
    runner.fake.remove("/api/v1/namespaces/kube-system/pods/traefik");
    assertThat(check("entrypoint"))
        .isEqualTo("skipped: no pod with label app.kubernetes.io/name=traefik");
  }

  private void answer(int status) {
    router.enqueue(new MockResponse.Builder().code(status).build());
  }

  @Test
  void theAddressIsThatOfTheRouter() {
    assertThat(check("address")).isEqualTo("ok: 127.0.0.1");
  }

  @Test
  void theUrlRequiresThePassword() {
    answer(401);
    assertThat(check("url")).isEqualTo("ok: answers 401 without it");
    answer(302);
    assertThat(check("url")).isEqualTo("ok: answers 302 without it");
    answer(200);
    assertThat(check("url")).startsWith("VDI324 ").endsWith("it answers 200 without a password");
  }

  @Test
  void aRouterThatDoesNotKnowTheRouteIsReportedAfter10Seconds() {
    answer(404);
    assertThat(check("url")).startsWith("VDI323 ").endsWith("it answers 404");
    session("Running", 9);
    answer(404);
    assertThat(check("url")).isEqualTo("skipped: 404: the desktop is not ready yet");
    session("Creating", 3600);
    answer(404);
    assertThat(check("url")).isEqualTo("skipped: 404: the desktop is not ready yet");
  }

  @Test
  void aServiceThatTheRouterCannotReachIsReported() {
    answer(503);
    assertThat(check("url")).startsWith("VDI303 service alice in team-a: ").endsWith("answers 503");
    session("Creating", 3600);
    answer(502);
    assertThat(check("url")).isEqualTo("skipped: the desktop is not ready yet");
  }

  @Test
  void anUnreachableRouterIsReported() {
    router.close();
    assertThat(check("url")).startsWith("VDI322 http://" + HOST);
    assertThat(check("certificate")).isEqualTo("skipped: no answer");
    assertThat(check("websocket")).startsWith("VDI326 ").endsWith(": it does not answer");
  }

  private void upgrade() {
    router.enqueue(RouterClientTest.webSocket(() -> {}));
  }

  @Test
  void theRouterOpensWebSockets() throws InterruptedException {
    upgrade();
    assertThat(check("websocket")).isEqualTo("ok: opened");
    assertThat(router.takeRequest().getTarget()).isEqualTo("/api/websockets");
  }

  @Test
  void withWebRtcTheSignallingIsChecked() throws InterruptedException {
    answer(409);
    upgrade();
    assertThat(check("websocket")).isEqualTo("ok: opened");
    router.takeRequest();
    assertThat(router.takeRequest().getTarget()).isEqualTo("/api/ws");
  }

  @Test
  void aBlockedWebSocketIsReported() {
    answer(400);
    assertThat(check("websocket"))
        .startsWith("VDI326 ")
        .endsWith("/api/websockets in team-a: it answers 400 instead of 101");
    answer(404);
    assertThat(check("websocket")).isEqualTo("skipped: the image has no such path");
    session("Creating", 60);
    assertThat(check("websocket")).isEqualTo("skipped: the desktop is not ready yet");
  }
}
