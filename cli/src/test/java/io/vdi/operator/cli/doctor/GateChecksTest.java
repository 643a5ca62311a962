package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The reports are those of the gate; GateTest checks that the real one has these fields. */
class GateChecksTest {
  private static final String DEPLOYMENT =
      "/apis/apps/v1/namespaces/vdi-system/deployments/vdi-gate";
  private static final String POD = "/api/v1/namespaces/vdi-system/pods/gate-1";
  private static final String ROUTE =
      "/apis/traefik.io/v1alpha1/namespaces/vdi-system/ingressroutes/vdi-gate";

  private final CheckRunner runner = new CheckRunner();
  private final MockWebServer pod = new MockWebServer();
  private final MockWebServer portal = new MockWebServer();
  private final Map<String, MockResponse> pages = new HashMap<>();
  private String report = "";

  @BeforeEach
  void start() throws IOException {
    pod.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return new MockResponse.Builder().body(report).build();
          }
        });
    pod.start(InetAddress.getLoopbackAddress(), 0);
    portal.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return pages.getOrDefault(
                request.getUrl().encodedPath(), new MockResponse.Builder().code(404).build());
          }
        });
    portal.useHttps(
        new HandshakeCertificates.Builder()
            .heldCertificate(
                new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build())
            .build()
            .sslSocketFactory());
    portal.start(InetAddress.getLoopbackAddress(), 0);
    deployment(2, 2);
    runner.fake.put(POD, "status: {phase: Running}");
    runner.fake.forward("vdi-system", "gate-1", pod.getPort());
    report("", "", 0);
    publicUrl("https://127.0.0.1:" + portal.getPort());
    pages.put("/.well-known/jwks.json", new MockResponse.Builder().body("{}").build());
  }

  @AfterEach
  void stop() {
    runner.close();
    pod.close();
    portal.close();
  }

  private void deployment(int replicas, int ready) {
    runner.fake.put(
        DEPLOYMENT,
        "{spec: {replicas: %d}, status: {readyReplicas: %d}}".formatted(replicas, ready));
  }

  private void report(String keysError, String providerError, int offset) {
    report =
        "{\"issuer\": \"https://sso.example.com\", \"keysSecret\": \"vdi-gate-keys\", \"keysError\": \"%s\", \"providerError\": \"%s\", \"keyAgeSeconds\": 172800, \"clockOffsetSeconds\": %d}"
            .formatted(keysError, providerError, offset);
  }

  private void publicUrl(String url) {
    runner.fake.put(
        "/api/v1/namespaces/vdi-system/configmaps/vdi-config",
        "{data: {gate.yaml: 'gate: {publicUrl: \"" + url + "\"}'}}");
  }

  private void signInSets(String... cookies) {
    MockResponse.Builder answer =
        new MockResponse.Builder().code(303).addHeader("Location", "https://sso.example.com");
    for (String cookie : cookies) {
      answer.addHeader("Set-Cookie", cookie);
    }
    pages.put("/signin", answer.build());
  }

  private String check(String name) {
    return runner.run(GateChecks.checks(), name);
  }

  @Test
  void aHealthyGatePasses() {
    assertThat(check("gate")).isEqualTo("ok: 2/2");
    assertThat(check("gateKeys")).isEqualTo("ok: the key that signs is 2 days old");
    assertThat(check("provider")).isEqualTo("ok: https://sso.example.com");
    assertThat(check("gateClock")).isEqualTo("ok: agrees with the API server's");
    assertThat(check("portal")).isEqualTo("ok: 127.0.0.1");
    signInSets("__Host-vdi-pending=secret; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax");
    assertThat(check("gateCookies")).isEqualTo("ok: a browser keeps them");
  }

  @Test
  void withoutAGateThereIsNothingToCheck() {
    runner.fake.remove(DEPLOYMENT);
    for (Check<DoctorContext> each : GateChecks.checks()) {
      assertThat(check(each.name())).isEqualTo("skipped: the gate is not installed");
    }
  }

  @Test
  void aGateThatIsNotReadyIsReported() {
    deployment(0, 0);
    assertThat(check("gate")).startsWith("VDI104 deployment vdi-gate");
    deployment(2, 0);
    assertThat(check("gate"))
        .isEqualTo("VDI121 deployment vdi-gate in vdi-system: 0 of 2 pods are ready");
    report("Secret vdi-gate-keys has no valid keys", "", 0);
    assertThat(check("gate"))
        .isEqualTo(
            "VDI123 secret vdi-gate-keys in vdi-system: Secret vdi-gate-keys has no valid keys");
  }

  @Test
  void keysProviderAndClockAreThoseOfTheReport() {
    report("Secret vdi-gate-keys has no valid keys", "discovery failed: refused", -300);
    assertThat(check("gateKeys")).startsWith("VDI123 secret vdi-gate-keys in vdi-system");
    assertThat(check("provider"))
        .isEqualTo("VDI122 provider https://sso.example.com: discovery failed: refused");
    assertThat(check("gateClock"))
        .isEqualTo(
            "VDI124 deployment vdi-gate in vdi-system: its node is 300 s ahead of the API server");
    report = "rubbish";
    assertThat(check("provider")).isEqualTo("skipped: no pod of the gate returns its report");
    runner.fake.remove(POD);
    assertThat(check("gateClock")).isEqualTo("skipped: no pod of the gate returns its report");
  }

  @Test
  void aPortalWithoutARouteIsReported() {
    pages.clear();
    assertThat(check("portal"))
        .startsWith("VDI125 https://127.0.0.1:")
        .endsWith("it answers 404; the route vdi-gate does not exist");
    runner.fake.put(ROUTE, "spec: {routes: [{match: 'Host(`other.example.com`)'}]}");
    assertThat(check("portal")).endsWith("the route vdi-gate has Host(`other.example.com`)");
    publicUrl("https://127.0.0.1:1");
    assertThat(check("portal")).startsWith("VDI322 https://127.0.0.1:1/");
  }

  @Test
  void cookiesThatBrowsersDropAreReported() {
    signInSets("__Host-vdi-pending=secret; Path=/; HttpOnly; SameSite=Lax");
    assertThat(check("gateCookies"))
        .startsWith("VDI126 https://127.0.0.1:")
        .endsWith("it sets __Host-vdi-pending=…; Path=/; HttpOnly; SameSite=Lax");
    signInSets("__Host-vdi-pending=secret; Path=/; Secure; Domain=example.com");
    assertThat(check("gateCookies")).startsWith("VDI126").doesNotContain("secret");
    signInSets();
    assertThat(check("gateCookies")).endsWith("its answer sets no cookie");
    publicUrl("http://portal.example.com");
    assertThat(check("gateCookies"))
        .isEqualTo("VDI126 gate.publicUrl: it is http://portal.example.com");
    publicUrl("https://127.0.0.1:" + portal.getPort());
    pages.put("/signin", new MockResponse.Builder().code(503).build());
    assertThat(check("gateCookies")).startsWith("skipped: ").endsWith("/signin answers 503");
  }
}
