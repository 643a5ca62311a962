package io.vdi.operator.e2e.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vdi.operator.cli.doctor.CheckResult;
import io.vdi.operator.cli.doctor.Report;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The doctor finds nothing when nothing is wrong. */
abstract class HealthyTests {
  private final DoctorHarness harness;

  HealthyTests(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void aHealthySessionHasNoFinding() {
    harness.alice().awaitHealth();
  }

  /** Checks that the user may not make are skipped and are not findings. */
  @Test
  void aUserWhoMayOnlyReadSessionsGetsNoFinding() {
    harness
        .node()
        .apply(
            """
            {apiVersion: v1, kind: ServiceAccount, metadata: {name: visitor, namespace: default}}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: visitor, namespace: default}
            rules: [{apiGroups: [vdi.kasm.io], resources: [vdisessions], verbs: [get, list]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: visitor, namespace: default}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: visitor}
            subjects: [{kind: ServiceAccount, name: visitor, namespace: default}]
            """);
    Path kubeconfig =
        harness
            .node()
            .cluster()
            .serviceAccountKubeconfig(
                "default", "visitor", harness.folder().resolve("visitor.conf"));
    Report report = harness.alice().withKubeconfig(kubeconfig).report();
    assertEquals(List.of(), report.findings());
    long forbidden =
        report.rows().stream()
            .filter(row ->
                row.answer() instanceof CheckResult.Skipped(String why, _)
                    && why.contains("forbidden"))
            .count();
    assertThat(forbidden).as("checks skipped because they are forbidden").isGreaterThan(15);
  }
}
