package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebhookChecksTest {
  private static final String CREATE =
      "POST /apis/vdi.kasm.io/v1alpha1/namespaces/team-a/vdisessions";
  private static final String SLICE =
      "/apis/discovery.k8s.io/v1/namespaces/vdi-system/endpointslices/webhook-1";

  private final CheckRunner runner = new CheckRunner();

  @AfterEach
  void close() {
    runner.close();
  }

  private String check(String name) {
    return runner.run(WebhookChecks.checks(), name);
  }

  @Test
  void theServiceHasReadyEndpoints() {
    runner.fake.put(
        SLICE, "endpoints: [{conditions: {ready: true}}, {conditions: {ready: false}}]");
    assertThat(check("webhook-service")).isEqualTo("ok: 1 ready endpoint");
    runner.fake.put(SLICE, "endpoints: [{conditions: {ready: true}}, {conditions: {}}]");
    assertThat(check("webhook-service")).isEqualTo("ok: 2 ready endpoints");
    runner.fake.put(SLICE, "endpoints: [{conditions: {ready: false}}]");
    assertThat(check("webhook-service"))
        .isEqualTo("VDI109 service vdi-admission-webhook in vdi-system: it has no ready endpoint");
  }

  @Test
  void theWebhookDeniesAnInvalidSession() {
    runner.fake.handle(
        CREATE,
        session -> {
          assertThat(Json.text(session, "spec", "template")).isEqualTo(Json.name(session));
          return FakeCluster.rejection(
              403, "admission webhook \"validate.vdi.kasm.io\" denied the request: no template");
        });
    assertThat(check("webhook")).isEqualTo("ok: denies an invalid session");
    assertThat(runner.fake.requests()).containsExactly(CREATE + "?dryRun=All");
  }

  @Test
  void theWebhookWarnsOfAMissingTemplate() {
    runner.fake.handle(
        CREATE,
        session ->
            FakeCluster.json(201, session)
                .newBuilder()
                .addHeader(
                    "Warning", "299 - \"spec.template: there is no such VDITemplate: it waits\"")
                .build());
    assertThat(check("webhook")).isEqualTo("ok: warns of an incomplete session");
  }

  @Test
  void anAcceptedSessionMeansThatTheWebhookIsNotCalled() {
    runner.fake.handle(CREATE, session -> FakeCluster.json(201, session));
    assertThat(check("webhook"))
        .isEqualTo(
            "VDI108 validatingwebhookconfiguration vdi-operator: a session whose template does not"
                + " exist is accepted without a warning");
  }

  @Test
  void aFailedCallIsUnreachableOrHasAnInvalidCertificate() {
    String call =
        "failed calling webhook \"validate.vdi.kasm.io\": failed to call webhook: Post"
            + " \"https://vdi-admission-webhook.vdi-system.svc:443/validate?timeout=5s\": ";
    runner.fake.reject(CREATE, 500, call + "no endpoints available");
    assertThat(check("webhook"))
        .isEqualTo("VDI109 service vdi-admission-webhook in vdi-system: no endpoints available");
    runner.fake.reject(CREATE, 500, call + "x509: certificate has expired");
    assertThat(check("webhook"))
        .isEqualTo(
            "VDI110 service vdi-admission-webhook in vdi-system: x509: certificate has expired");
    runner.fake.reject(CREATE, 500, call + "remote error: tls: certificate required");
    assertThat(check("webhook"))
        .isEqualTo(
            "VDI115 service vdi-admission-webhook in vdi-system: remote error: tls: certificate"
                + " required");
  }

  @Test
  void withoutPermissionToCreateSessionsItIsUnknown() {
    runner.fake.reject(CREATE, 403, "vdisessions.vdi.kasm.io is forbidden: cannot create");
    assertThat(check("webhook"))
        .isEqualTo("skipped: vdisessions.vdi.kasm.io is forbidden: cannot create");
    runner.fake.close();
    assertThat(check("webhook")).startsWith("skipped: POST ");
  }
}
