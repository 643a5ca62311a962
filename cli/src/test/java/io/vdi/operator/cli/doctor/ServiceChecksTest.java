package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.FakeCluster;
import io.vdi.operator.cli.cluster.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServiceChecksTest {
  private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/vdi-system/deployments/vdi-";
  private static final String PODS = "/api/v1/namespaces/vdi-system/pods/";
  private static final String LEASES =
      "/apis/coordination.k8s.io/v1/namespaces/vdi-system/leases/vdi-";
  private static final String WEBHOOKS =
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/vdi-operator";

  private final CheckRunner runner = new CheckRunner();

  @BeforeEach
  void healthyServices() {
    for (String service : List.of("controller", "admission-webhook", "reaper")) {
      deployment(service, 2, 2);
    }
    for (String service : List.of("controller", "reaper")) {
      runner.fake.put(PODS + service + "-1", "status: {phase: Running}");
      lease(service, service + "-1_4711", runner.fake.time());
    }
  }

  @AfterEach
  void close() {
    runner.close();
  }

  private void deployment(String service, int replicas, int ready) {
    runner.fake.put(
        DEPLOYMENTS + service,
        "{spec: {replicas: %d}, status: {readyReplicas: %d}}".formatted(replicas, ready));
  }

  private void lease(String service, String holder, Instant renewed) {
    runner.fake.put(
        LEASES + service,
        "spec: {holderIdentity: '%s', leaseDurationSeconds: 15, renewTime: '%s'}"
            .formatted(holder, renewed));
  }

  private String check(String name) {
    return runner.run(ServiceChecks.checks(), name);
  }

  @Test
  void servicesWithReadyPodsPass() {
    assertThat(check("services"))
        .isEqualTo("ok: controller 2/2, admission-webhook 2/2, reaper 2/2");
    runner.fake.remove(DEPLOYMENTS + "reaper");
    assertThat(check("services")).isEqualTo("ok: controller 2/2, admission-webhook 2/2");
  }

  @Test
  void aMissingDeploymentIsNotInstalled() {
    runner.fake.remove(DEPLOYMENTS + "admission-webhook");
    assertThat(check("services"))
        .isEqualTo(
            "VDI102 deployment vdi-admission-webhook in vdi-system: the Deployment does not exist");
  }

  @Test
  void aStoppedServiceIsReported() {
    deployment("reaper", 0, 0);
    assertThat(check("services"))
        .isEqualTo("VDI104 deployment vdi-reaper in vdi-system: spec.replicas is 0");
  }

  @Test
  void aServiceWithoutReadyPodsIsReportedWithTheReason() {
    deployment("controller", 2, 0);
    runner.fake.put(
        PODS + "controller-1",
        """
        status:
          containerStatuses:
            - {name: c, state: {waiting: {reason: ImagePullBackOff, message: not found}}}
        """);
    assertThat(check("services"))
        .isEqualTo(
            "VDI105 deployment vdi-controller in vdi-system: 0 of 2 pods are ready:"
                + " ImagePullBackOff not found");
  }

  @Test
  void leadersAreThePodsThatHoldTheLeases() {
    assertThat(check("leaders")).isEqualTo("ok: controller-1, reaper-1");
    runner.fake.remove(DEPLOYMENTS + "reaper");
    assertThat(check("leaders")).isEqualTo("ok: controller-1");
  }

  @Test
  void aLeaseWithoutALivingHolderIsReported() {
    lease("controller", "", runner.fake.time());
    assertThat(check("leaders"))
        .isEqualTo("VDI106 lease vdi-controller in vdi-system: it has no holder");
    lease("controller", "ghost_1", runner.fake.time());
    assertThat(check("leaders"))
        .isEqualTo("VDI106 lease vdi-controller in vdi-system: its holder ghost is not a pod");
    lease("controller", "controller-1_4711", runner.fake.time().minusSeconds(16));
    assertThat(check("leaders"))
        .isEqualTo(
            "VDI106 lease vdi-controller in vdi-system: it expired at "
                + runner.fake.time().minusSeconds(1)
                + "; holder controller-1");
  }

  private void caBundle(String pem) {
    runner.fake.put(
        WEBHOOKS,
        "webhooks: [{clientConfig: {caBundle: '%s'}}]"
            .formatted(Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8))));
  }

  private static String certificate(long days) {
    return new HeldCertificate.Builder()
        .certificateAuthority(0)
        .duration(days, TimeUnit.DAYS)
        .build()
        .certificatePem();
  }

  @Test
  void theLatestCaCertificateMustBeValidForThreeDays() {
    caBundle(certificate(1) + certificate(30));
    assertThat(check("authority"))
        .isEqualTo(
            "ok: valid until "
                + Instant.now().plus(30, ChronoUnit.DAYS).toString().substring(0, 10));
    caBundle(certificate(2));
    assertThat(check("authority"))
        .isEqualTo(
            "VDI110 validatingwebhookconfiguration vdi-operator: caBundle expires within 3 days");
  }

  @Test
  void aCaBundleWithoutACertificateIsReported() {
    runner.fake.put(WEBHOOKS, "webhooks: [{clientConfig: {caBundle: 'no base64'}}]");
    assertThat(check("authority"))
        .isEqualTo(
            "VDI110 validatingwebhookconfiguration vdi-operator: caBundle is not a certificate");
  }

  @Test
  void aWebhookThatIsNotRegisteredIsReported() {
    runner.fake.put(WEBHOOKS, "webhooks: []");
    assertThat(check("authority")).isEqualTo("VDI108 vdi-operator: it has no webhook");
    runner.fake.remove(WEBHOOKS);
    assertThat(check("authority"))
        .isEqualTo("skipped: validatingwebhookconfiguration vdi-operator does not exist");
  }

  @Test
  void retriedSessionsAreReportedWithTheirErrors() throws IOException {
    try (MockWebServer controller = new MockWebServer()) {
      controller.start(InetAddress.getLoopbackAddress(), 0);
      runner.fake.forward("vdi-system", "controller-1", controller.getPort());
      controller.enqueue(
          metrics(
              """
              vdi_workqueue_retrying 0.0
              vdi_reconcile_errors_total{reason="Conflict"} 4.0
              """));
      assertThat(check("reconciling")).isEqualTo("ok: none now, 4 since its start");
      controller.enqueue(
          metrics(
              """
              # HELP vdi_workqueue_retrying sessions
              vdi_workqueue_retrying{queue="sessions"} 2.0
              vdi_workqueue_retrying_other 7.0
              vdi_reconcile_errors_total{reason="Forbidden",scope=""} 3.0
              vdi_reconcile_errors_total{reason="Conflict",scope=""} 1.0
              """));
      assertThat(check("reconciling"))
          .isEqualTo(
              "VDI111 pod controller-1 in vdi-system: 2 sessions fail and are retried; errors: 3.0"
                  + " Forbidden, 1.0 Conflict");
    }
  }

  /** With fullnameOverride: desks, the Deployments are desks-controller and so on. */
  @Test
  void servicesWithOtherNamesAreFound() {
    for (String service : List.of("controller", "admission-webhook", "reaper")) {
      runner.fake.remove(DEPLOYMENTS + service);
      runner.fake.put(
          DEPLOYMENTS.replace("/vdi-", "/desks-").replace("/desks-system", "/vdi-system") + service,
          "{spec: {replicas: 1}, status: {readyReplicas: %d}}"
              .formatted(service.equals("reaper") ? 0 : 1));
    }
    assertThat(check("services"))
        .isEqualTo("VDI105 deployment desks-reaper in vdi-system: 0 of 1 pods are ready");
  }

  private static MockResponse metrics(String text) {
    return new MockResponse.Builder().body(text).build();
  }

  @Test
  void withoutMetricsTheErrorsAreUnknown() {
    assertThat(check("reconciling"))
        .isEqualTo("skipped: pod controller-1 does not return its metrics");
  }

  @Test
  void permissionsAreThoseOfTheChart() {
    runner.fake.handle(
        "POST /apis/authorization.k8s.io/v1/subjectaccessreviews", review -> allowed(true));
    assertThat(check("rights")).matches("ok: [1-9]\\d+ granted");
  }

  @Test
  void missingPermissionsAreNamed() {
    runner.fake.handle(
        "POST /apis/authorization.k8s.io/v1/subjectaccessreviews",
        review ->
            allowed(
                !Json.text(review, "spec", "user")
                        .equals("system:serviceaccount:vdi-system:vdi-reaper")
                    || !Json.text(review, "spec", "resourceAttributes", "resource")
                        .equals("vdisessions")));
    assertThat(check("rights"))
        .startsWith("VDI107 clusterrole or role vdi-reaper: reaper may not ")
        .contains("vdisessions");
  }

  private static MockResponse allowed(boolean allowed) {
    JsonObject review =
        JsonParser.parseString("{\"status\": {\"allowed\": " + allowed + "}}").getAsJsonObject();
    return FakeCluster.json(201, review);
  }
}
