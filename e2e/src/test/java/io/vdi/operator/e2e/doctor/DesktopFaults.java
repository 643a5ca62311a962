package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Selkies in the pod, and its password. */
abstract class DesktopFaults {
  private final DoctorHarness harness;

  DesktopFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void selkiesSilent() {
    harness.doctor("silent").awaitCause(KnownCause.SELKIES_SILENT);
    harness.assertStatusNames(KnownCause.SELKIES_SILENT, "silent");
  }

  @Test
  void selkiesSilentBecauseItHangs() throws IOException {
    signal("-STOP");
    try {
      harness.alice().awaitCause(KnownCause.SELKIES_SILENT);
    } finally {
      signal("-CONT");
      harness.alice().awaitHealth();
    }
  }

  @Test
  void passwordRefused() {
    harness.shell(
        "kubectl patch secret vdi-auth-"
            + DoctorHarness.ALICE
            + " --type=merge"
            + " --patch='{\"stringData\": {\"password\": \"another\"}}'");
    harness.alice().awaitCauseAndFix(KnownCause.PASSWORD_REFUSED);
  }

  @Test
  void desktopUnprotected() {
    harness.doctor("open").awaitCause(KnownCause.DESKTOP_UNPROTECTED);
  }

  /** Sends a signal to all processes of alice's pod, from outside the container. */
  private void signal(String signal) throws IOException {
    String uid =
        harness.node().kubectl("get", "pod", DoctorHarness.ALICE, "-o", "jsonpath={.metadata.uid}");
    for (Path process : processes()) {
      try {
        String group = Files.readString(process.resolve("cgroup")).replace('_', '-');
        if (group.contains(uid)) {
          harness.shell("kill " + signal + " " + process.getFileName());
        }
      } catch (IOException e) {
        // The process has ended since it was listed.
      }
    }
  }

  private static List<Path> processes() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc"))) {
      return files.filter(file -> file.getFileName().toString().matches("\\d+")).toList();
    }
  }
}
