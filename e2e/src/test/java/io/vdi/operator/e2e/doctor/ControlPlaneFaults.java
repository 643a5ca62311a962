package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/** The API server and what the chart installs. */
abstract class ControlPlaneFaults {
  private final DoctorHarness harness;

  ControlPlaneFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void apiUnreachable() throws IOException {
    Path kubeconfig = harness.folder().resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        Files.readString(harness.node().cluster().kubeconfig())
            .replaceAll("(server: \"?https://[0-9.]+):\\d+", "$1:1"));
    harness.alice().withKubeconfig(kubeconfig).awaitCause(KnownCause.API_UNREACHABLE);
  }

  @Test
  void clocksApart() {
    harness
        .alice()
        .withClock(InstantSource.offset(InstantSource.system(), Duration.ofMinutes(10)))
        .awaitCause(KnownCause.CLOCKS_APART);
  }

  @Test
  void crdsOutdated() {
    harness.shell(
        "kubectl patch crd vditemplates.vdi.kasm.io --type=json --patch='[{\"op\": \"remove\","
            + " \"path\": \"/spec/versions/0/schema/openAPIV3Schema/properties/spec"
            + "/properties/description\"}]'");
    try {
      harness.alice().awaitCause(KnownCause.CRDS_OUTDATED);
    } finally {
      harness.helmUpgrade();
    }
  }

  @Test
  void notInstalled() {
    harness.shell("kubectl -n vdi-system delete deployment vdi-admission-webhook");
    try {
      harness.alice().awaitCause(KnownCause.NOT_INSTALLED);
    } finally {
      harness.helmUpgrade();
    }
  }
}
