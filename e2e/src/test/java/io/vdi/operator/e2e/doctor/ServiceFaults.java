package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The operator's services: their pods, leaders, permissions and errors. */
abstract class ServiceFaults {
  private final DoctorHarness harness;

  ServiceFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void serviceStopped() {
    harness.shell("kubectl -n vdi-system scale deployment/vdi-reaper --replicas=0");
    harness.alice().awaitCauseAndFix(KnownCause.SERVICE_STOPPED);
  }

  @Test
  void serviceNotReady() {
    harness.shell(
        "kubectl -n vdi-system scale deployment/vdi-reaper --replicas=0 && kubectl -n"
            + " vdi-system set env deployment/vdi-reaper vdiConfig_SWEEP_INTERVAL=nonsense &&"
            + " kubectl -n vdi-system scale deployment/vdi-reaper --replicas=2");
    try {
      harness.alice().awaitCause(KnownCause.SERVICE_NOT_READY);
    } finally {
      // The doctor's remedy.
      harness.shell("kubectl -n vdi-system rollout undo deployment/vdi-reaper");
      harness.alice().awaitHealth();
    }
  }

  @Test
  void noLeader() {
    harness.shell(
        "kubectl -n vdi-system patch lease vdi-reaper --type=merge"
            + " --patch='{\"spec\": {\"holderIdentity\": \"ghost_1\","
            + " \"leaseDurationSeconds\": 3600, \"renewTime\": \""
            + Instant.now().toString().replaceAll("\\.\\d+", ".000000")
            + "\"}}'");
    harness.alice().awaitCauseAndFix(KnownCause.NO_LEADER);
  }

  @Test
  void permissionMissing() {
    harness.shell(
        "kubectl patch clusterrole vdi-reaper --type=json --patch='[{\"op\": \"remove\","
            + " \"path\": \"/rules/3\"}]'");
    harness.alice().awaitCauseAndFix(KnownCause.RIGHTS_MISSING);
  }

  /** A webhook that nobody serves rejects the Service of every session in one namespace. */
  @Test
  void reconcileErrors() {
    harness
        .node()
        .apply(
            """
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingWebhookConfiguration
            metadata: {name: nobody}
            webhooks:
              - name: nobody.example.com
                admissionReviewVersions: [v1]
                sideEffects: None
                failurePolicy: Fail
                clientConfig: {url: "https://127.0.0.1:1/"}
                namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: errors}}
                rules:
                  - {apiGroups: [""], apiVersions: [v1], resources: [services], operations: [CREATE]}
            """);
    new FaultySessions(harness).session("errors", "errors", "gpu", FaultySessions.NO_HOME);
    try {
      harness.doctor("errors", "errors").awaitCause(KnownCause.RECONCILE_ERRORS);
    } finally {
      harness.shell("kubectl delete validatingwebhookconfiguration nobody");
      harness.alice().awaitHealth();
    }
  }
}
