package io.vdi.operator.e2e.node;

import static io.vdi.operator.e2e.node.GateUsers.headers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.addons.RouterAddon;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.operator.SingleSignOn;
import io.vdi.operator.e2e.browser.Browser;
import io.vdi.operator.e2e.browser.PageClient;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The gate behind Ingresses of ingress-nginx, which Traefik reads with its provider {@code
 * kubernetesIngressNGINX}; docs/specification.md, section 8.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Order(55)
class IngressNginxIT {
  private static final String[] INGRESS_NGINX = {
    "config.ingress.kind=ingress",
    "config.ingress.className=nginx",
    "config.ingress.controller=ingressNginx"
  };

  /** Answers with the headers that reach it. */
  private static final String ECHO =
      """
      from http.server import BaseHTTPRequestHandler, HTTPServer
      class Echo(BaseHTTPRequestHandler):
          def do_GET(self):
              self.send_response(200)
              self.end_headers()
              self.wfile.write(str(self.headers).encode())
      HTTPServer(('', 8080), Echo).serve_forever()
      """;

  private static OperatorNode node;
  private static GateUsers users;
  private static PageClient pages;
  private static LiveDesktop alice;
  private static LiveDesktop bob;

  @BeforeAll
  static void start() {
    node = SharedNode.get();
    assumeTrue(SingleSignOn.hasMemory(), "no memory for Keycloak");
    assumeTrue(Browser.provided(), "no browser");
    RouterAddon.startIngressNginx(node.cluster());
    node.kubectl(
        "patch",
        "deployment/traefik",
        "--namespace=kube-system",
        "--type=json",
        "--patch=["
            + option("--providers.kubernetesingressnginx=true")
            + ","
            + option("--providers.kubernetesingressnginx.httpentrypoint=web")
            + ","
            + option("--providers.kubernetesingressnginx.httpsentrypoint=websecure")
            + "]");
    users = new GateUsers(node, node.installWithGate(INGRESS_NGINX));
    node.template("nginx", "resources: {defaultCPU: 500m, defaultMemory: 1Gi, defaultGPU: 0}");
    pages = new PageClient(node.cluster().address(), node.routerCertificate());
    alice = LiveDesktop.of(node, pages, "default", "alice");
    bob = LiveDesktop.of(node, pages, "default", "bob");
    for (LiveDesktop each : List.of(alice, bob)) {
      each.session().create("template: nginx, persistence: {enabled: false}");
    }
    for (LiveDesktop each : List.of(alice, bob)) {
      await(each.session().name()).atMost(SharedNode.PATIENCE).until(each::isRunning);
      // The kubelet updates the file with the controller's settings within a minute.
      await("the router to ask the gate for " + each.session().name())
          .atMost(SharedNode.PATIENCE)
          .until(() ->
              pages.status(each.address(), GateUsers.NAVIGATION) == 302
                  && pages.status(each.address().resolve("/.vdi/open?rd=/"), GateUsers.NAVIGATION)
                      == 303);
    }
  }

  private static String option(String argument) {
    return "{\"op\": \"add\", \"path\": \"/spec/template/spec/containers/0/args/-\", \"value\": \""
        + argument
        + "\"}";
  }

  @AfterAll
  static void end() {
    if (users == null) {
      return;
    }
    node.kubectl("delete", "vdi", "alice", "bob", "--ignore-not-found", "--wait", "--timeout=90s");
    node.kubectl("delete", "vdit", "nginx");
    node.kubectl("delete", "pod,service,ingress", "--selector=echo=nginx", "--wait");
    node.kubectl("delete", "rolebinding", "alice-sessions", "--ignore-not-found");
    await("the Service of the gate to be deleted")
        .atMost(SharedNode.PATIENCE)
        .until(() ->
            node.kubectl("get", "service", "vdi-gate-external", "--ignore-not-found").isEmpty());
    assertThat(node.kubectl("get", "ingress", "--output=name")).isEmpty();
    node.kubectl("rollout", "undo", "deployment/traefik", "--namespace=kube-system");
    node.kubectl("delete", "ingressclass", "nginx");
  }

  @Test
  @Order(1)
  @DisplayName("alice signs in at Keycloak and sees her desktop without its password")
  void signIn() {
    try (Browser browser = users.browser()) {
      users.signIn(browser, "alice", alice);
    }
  }

  @Test
  @Order(2)
  @DisplayName("bob is refused alice's desktop, and a WebSocket needs the own cookie and page")
  void others() {
    String cookieOfAlice = users.desktopCookie("alice", alice);
    String cookieOfBob;
    try (Browser browser = users.browser()) {
      cookieOfBob = users.desktopCookie(browser, "bob", bob);
      browser.open(alice.address());
      GateUsers.awaitRefusal(browser, "bob");
    }
    URI socket = alice.address().resolve("/api/websockets");
    assertThat(pages.webSocket(socket, Map.of("Origin", alice.origin()))).isEqualTo(403);
    assertThat(pages.webSocket(socket, headers(cookieOfBob, alice))).isEqualTo(403);
    assertThat(pages.webSocket(socket, headers(cookieOfAlice, bob))).isEqualTo(403);
    assertThat(pages.webSocket(socket, headers(cookieOfAlice, alice))).isEqualTo(101);
    assertThat(pages.status(alice.address(), headers(cookieOfBob, alice))).isEqualTo(403);
    assertThat(pages.status(alice.address(), headers(cookieOfAlice, alice))).isEqualTo(200);
    // Headers of the client that name the own desktop.
    assertThat(
            pages.status(
                bob.address(),
                Map.of(
                    "Cookie",
                    GateUsers.COOKIE + "=" + cookieOfAlice,
                    "X-Forwarded-Host",
                    alice.address().getHost(),
                    "X-Original-Url",
                    alice.address().toString())))
        .isEqualTo(403);
    // The password of the desktop opens nothing while the router asks the gate.
    assertThat(alice.page()).isEqualTo(403);
  }

  @Test
  @Order(3)
  @DisplayName("the cookie of the gate does not reach the pod, and the password does")
  void cookie() {
    String cookie = users.desktopCookie("alice", alice);
    JsonObject annotations =
        alice
            .session()
            .childJson(ResourceType.INGRESS)
            .getAsJsonObject("metadata")
            .getAsJsonObject("annotations");
    annotations.keySet().removeIf(name -> !name.startsWith("nginx.ingress.kubernetes.io/"));
    // Another path of alice's host, which asks the gate in the same way.
    node.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: echo, namespace: default, labels: {echo: nginx}}
        spec:
          nodeSelector: {kubernetes.io/hostname: node-1}
          terminationGracePeriodSeconds: 0
          containers:
            - name: echo
              image: %s
              imagePullPolicy: Never
              command: [python3, -c, %s]
              readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: echo, namespace: default, labels: {echo: nginx}}
        spec: {selector: {echo: nginx}, ports: [{port: 8080}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: echo, namespace: default, labels: {echo: nginx}, annotations: %s}
        spec:
          ingressClassName: nginx
          tls: [{hosts: [%s]}]
          rules:
            - host: %4$s
              http:
                paths:
                  - path: /echo
                    pathType: Prefix
                    backend: {service: {name: echo, port: {number: 8080}}}
        """
            .formatted(
                FullCluster.DESKTOP,
                new JsonPrimitive(ECHO),
                annotations,
                alice.address().getHost()));
    URI echo = alice.address().resolve("/echo");
    Map<String, String> own =
        Map.of(
            "Cookie",
            "a=b; " + GateUsers.COOKIE + "=" + cookie + "; c=d",
            "Origin",
            alice.origin());
    await("the echo").atMost(SharedNode.PATIENCE).until(() -> pages.status(echo, own) == 200);
    String received = pages.text(echo, own);
    assertThat(received).contains("Cookie: a=b; c=d", "Authorization: Basic ");
    assertThat(received).doesNotContain("__Host-");
    String nothingLeft = pages.text(echo, headers(cookie, alice));
    assertThat(nothingLeft).contains("Authorization: Basic ").doesNotContain("Cookie");
  }

  @Test
  @Order(4)
  @DisplayName("a visit of a desktop that sleeps wakes it and shows the picture")
  void wake() {
    users.allowAliceToEditSessions();
    try (Browser browser = users.browser()) {
      users.signIn(browser, "alice", alice);
      browser.leave();
      alice.session().suspend();
      alice.session().awaitPhase(Phase.SUSPENDED);
      browser.open(alice.address());
      browser.awaitPicture(SharedNode.PATIENCE);
      assertThat(browser.address().getHost()).isEqualTo(alice.address().getHost());
    }
  }
}
