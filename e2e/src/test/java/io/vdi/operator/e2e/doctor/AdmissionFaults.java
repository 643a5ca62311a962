package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import org.junit.jupiter.api.Test;

/** Objects and limits that keep the controller from creating a session's desktop. */
abstract class AdmissionFaults {
  private final DoctorHarness harness;

  AdmissionFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  /** The services read the setting at their start, so the desktop keeps running. */
  @Test
  void namespaceNotWatched() {
    harness.shell(
        "kubectl -n vdi-system get configmap vdi-config -o yaml"
            + " | sed 's/watchNamespaces: \\[]/watchNamespaces: [elsewhere]/'"
            + " | kubectl replace -f -");
    try {
      harness.alice().awaitCause(KnownCause.NAMESPACE_NOT_WATCHED);
    } finally {
      harness.helmUpgrade();
    }
  }

  @Test
  void templateMissing() {
    harness.doctor("no-template").awaitCause(KnownCause.TEMPLATE_MISSING);
  }

  @Test
  void templateInvalid() {
    harness.doctor("invalid").awaitCause(KnownCause.TEMPLATE_INVALID);
    harness.assertStatusNames(KnownCause.TEMPLATE_INVALID, "invalid");
  }

  @Test
  void foreignObject() {
    harness.doctor("foreign").awaitCause(KnownCause.FOREIGN_OBJECT);
  }

  @Test
  void sessionQuota() {
    harness.doctor("limited", "limited").awaitCause(KnownCause.SESSION_QUOTA);
  }

  @Test
  void namespaceQuota() {
    harness.doctor("crowded", "crowded").awaitCause(KnownCause.NAMESPACE_QUOTA);
  }

  @Test
  void podSecurity() {
    harness.doctor("restricted", "restricted").awaitCause(KnownCause.POD_SECURITY);
  }
}
