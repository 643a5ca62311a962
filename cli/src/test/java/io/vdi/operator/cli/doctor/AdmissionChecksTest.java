package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.cli.FakeCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdmissionChecksTest {
  private final CheckRunner runner = new CheckRunner();

  @AfterEach
  void close() {
    runner.close();
  }

  private String check(String name) {
    return runner.runOnAlice(AdmissionChecks.checks(), name);
  }

  @Test
  void theTemplateExistsAndIsValid() {
    runner.alice("", "phase: Running", 60);
    assertThat(check("template")).isEqualTo("ok: ubuntu");
    runner.fake.put(FakeCluster.template("ubuntu"), "spec: {image: i, timeout: soon}");
    assertThat(check("template"))
        .startsWith("VDI113 vditemplate ubuntu in team-a: ")
        .contains("soon");
    runner.fake.remove(FakeCluster.template("ubuntu"));
    assertThat(check("template"))
        .isEqualTo("VDI112 vditemplate ubuntu in team-a: it does not exist");
  }

  @Test
  void theControllerObservesTheLatestGeneration() {
    runner.alice("", "phase: Creating", 60);
    assertThat(check("observed")).isEqualTo("ok: Creating");
    runner
        .fake
        .get(FakeCluster.session("alice"))
        .getAsJsonObject("metadata")
        .addProperty("generation", 2);
    assertThat(check("observed")).isEqualTo("skipped: the latest change is not reconciled yet");
  }

  @Test
  void aSessionWithoutStatusIsReportedAfter30Seconds() {
    runner.alice("", "", 30);
    assertThat(check("observed")).startsWith("skipped: ");
    runner.alice("", "", 31);
    assertThat(check("observed"))
        .isEqualTo("VDI111 vdisession alice in team-a: it has no status after 31 s");
  }

  private void failed(String reason, String message) {
    runner.alice(
        "",
        "phase: Failed, message: '%s', conditions: [{type: Failed, status: 'True', reason: %s}]"
            .formatted(message, reason),
        60);
  }

  @Test
  void anObjectThatTheApiServerRejectsIsReported() {
    runner.alice("", "phase: Running", 60);
    assertThat(check("accepted")).isEqualTo("ok: none rejected");
    failed("Forbidden", "pods alice is forbidden: exceeded quota: small");
    assertThat(check("accepted"))
        .isEqualTo(
            "VDI212 vdisession alice in team-a: status.message is pods alice is forbidden: exceeded"
                + " quota: small");
    failed("Forbidden", "pods alice is forbidden: violates PodSecurity restricted");
    assertThat(check("accepted")).startsWith("VDI213 ");
    failed("Foreign", "Service alice exists and is not owned by this session");
    assertThat(check("accepted")).startsWith("VDI114 vdisession alice in team-a: ");
  }

  @Test
  void withoutPodTheCauseIsThatOfTheStatus() {
    failed("Failed", "the image cannot be pulled [VDI231]");
    assertThat(check("accepted")).startsWith("VDI231 vdisession alice in team-a: ");
    runner.fake.put(FakeCluster.core("pods", "alice"), "{}");
    assertThat(check("accepted")).isEqualTo("ok: none rejected");
  }

  @Test
  void aSessionThatWaitsForQuotaIsReported() {
    runner.alice("", "phase: Pending", 60);
    assertThat(check("quota")).isEqualTo("ok: admitted");
    runner.alice(
        "",
        "conditions: [{type: QuotaAdmitted, status: 'False', message: GPU quota exceeded}]",
        60);
    assertThat(check("quota")).isEqualTo("VDI211 vdisession alice in team-a: GPU quota exceeded");
  }
}
