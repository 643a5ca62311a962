package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import java.io.IOException;
import java.net.InetAddress;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.Credentials;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a web server that stands for Selkies, behind a forwarded port. */
class DesktopChecksTest {
  private static final String SECRET = FakeCluster.core("secrets", "vdi-auth-alice");

  private final CheckRunner runner = new CheckRunner();
  private final MockWebServer selkies = new MockWebServer();
  private String password = "secret";
  private int anonymousStatus = 401;
  private MockResponse status = response(404, "");

  @BeforeEach
  void start() throws IOException {
    selkies.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            if (request.getTarget().equals("/api/status")) {
              return status;
            }
            return Credentials.basic("ubuntu", password)
                    .equals(request.getHeaders().get("Authorization"))
                ? response(200, "desktop")
                : response(anonymousStatus, "");
          }
        });
    selkies.start(InetAddress.getLoopbackAddress(), 0);
    running(3600);
    runner
        .fake
        .forward(FakeCluster.NAMESPACE, "alice", selkies.getPort())
        .put(FakeCluster.core("pods", "alice"), "status: {podIP: 10.0.0.1}")
        .put(SECRET, "data: {password: c2VjcmV0}");
  }

  @AfterEach
  void stop() {
    runner.close();
    selkies.close();
  }

  private static MockResponse response(int code, String body) {
    return new MockResponse.Builder().code(code).body(body).build();
  }

  private void running(long ageSeconds) {
    runner.alice("", "phase: Running, startTime: '" + runner.fake.time() + "'", ageSeconds);
  }

  private String check(String name) {
    return runner.runOnAlice(DesktopChecks.checks(), name);
  }

  @Test
  void selkiesReportsItsMode() {
    status = response(200, "{\"current_mode\": \"websockets\"}");
    assertThat(check("selkies")).isEqualTo("ok: websockets");
    status = response(200, "{\"current_mode\": \"\"}");
    assertThat(check("selkies"))
        .isEqualTo("VDI301 pod alice in team-a: current_mode of /api/status is empty");
  }

  @Test
  void anImageThatReportsNoModePasses() {
    assertThat(check("selkies")).isEqualTo("ok: HTTP 401");
    status = response(200, "not JSON {");
    assertThat(check("selkies")).isEqualTo("ok: HTTP 401");
  }

  @Test
  void serverErrorsAreReportedAfterTheStart() {
    anonymousStatus = 502;
    assertThat(check("selkies")).isEqualTo("VDI301 pod alice in team-a: GET :8080/ answers 502");
    running(5);
    assertThat(check("selkies")).isEqualTo("skipped: starting since 5 s");
    runner.alice("", "phase: Creating", 59);
    assertThat(check("selkies")).isEqualTo("skipped: starting since 59 s");
  }

  @Test
  void noAnswerIsReported() {
    selkies.close();
    assertThat(check("selkies"))
        .isEqualTo("VDI301 pod alice in team-a: GET :8080/ is not answered");
    assertThat(check("password")).isEqualTo("skipped: no answer");
  }

  @Test
  void aMissingHealthPathIsReported() {
    runner.fake.put(
        FakeCluster.template("ubuntu"), "spec: {image: i, healthPath: /healthz, port: 9000}");
    anonymousStatus = 404;
    assertThat(check("selkies"))
        .isEqualTo("VDI301 pod alice in team-a: GET :9000/healthz answers 404");
  }

  @Test
  void withoutPodOrAddressTheChecksAreSkipped() {
    runner.fake.put(FakeCluster.core("pods", "alice"), "status: {phase: Pending}");
    assertThat(check("selkies")).isEqualTo("skipped: there is no pod");
    runner.fake.remove(FakeCluster.core("pods", "alice"));
    assertThat(check("password")).isEqualTo("skipped: there is no pod");
    assertThat(check("endpoints")).isEqualTo("skipped: there is no pod");
  }

  @Test
  void thePasswordIsRequiredAndAccepted() {
    assertThat(check("password")).isEqualTo("ok: required, and accepted");
  }

  @Test
  void aDesktopWithoutPasswordIsReported() {
    anonymousStatus = 200;
    assertThat(check("password"))
        .isEqualTo("VDI324 pod alice in team-a: GET / answers 200 without a password");
  }

  @Test
  void aDesktopThatRefusesThePasswordIsReported() {
    password = "another";
    assertThat(check("password"))
        .isEqualTo("VDI302 secret vdi-auth-alice in team-a: GET / with its password answers 401");
  }

  @Test
  void withoutPermissionForTheSecretThePasswordIsUnknown() {
    runner.fake.reject("GET " + SECRET, 403, "secrets is forbidden");
    assertThat(check("password"))
        .isEqualTo(
            "skipped: secrets is forbidden; only alice@example.com gets access to this Secret:"
                + " identity.prefix and identity.users must name your Kubernetes user, and"
                + " access.sessionRoles must be true");
  }

  @Test
  void aServiceWithoutEndpointsIsReportedOfARunningDesktop() {
    assertThat(check("endpoints"))
        .isEqualTo("VDI303 service alice in team-a: it has no ready endpoint");
    runner.alice("", "phase: Creating", 60);
    assertThat(check("endpoints")).isEqualTo("skipped: the desktop is not ready yet");
    runner.fake.put(
        "/apis/discovery.k8s.io/v1/namespaces/team-a/endpointslices/alice-1",
        "endpoints: [{conditions: {ready: true}}]");
    assertThat(check("endpoints")).isEqualTo("ok: 1 ready endpoint");
  }
}
