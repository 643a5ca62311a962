package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import org.junit.jupiter.api.Test;

/** Pods that are not scheduled, do not start or do not stay up. */
abstract class WorkloadFaults {
  private final DoctorHarness harness;

  WorkloadFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void noNodeFits() {
    harness.doctor("too-big").awaitCause(KnownCause.NO_NODE_FITS);
    harness.assertStatusNames(KnownCause.NO_NODE_FITS, "too-big");
  }

  @Test
  void imageNotPulled() {
    harness.doctor("no-image").awaitCause(KnownCause.IMAGE_NOT_PULLED);
    harness.assertStatusNames(KnownCause.IMAGE_NOT_PULLED, "no-image");
  }

  @Test
  void desktopCrashes() {
    harness.doctor("crash").awaitCause(KnownCause.DESKTOP_CRASHES);
    harness.assertStatusNames(KnownCause.DESKTOP_CRASHES, "crash");
  }

  /** The session that is deleted does not wait for the node; the other one moves to node-1. */
  @Test
  void nodeLost() {
    harness.doctor("lost").awaitCause(KnownCause.NODE_LOST);
    harness.assertStatusNames(KnownCause.NODE_LOST, "lost");
    harness.shell("kubectl delete vdi stranded --timeout=90s");
    harness.shell("kubectl label node node-1 example.com/pool=spare");
    harness.doctor("lost").awaitCauseAndFix(KnownCause.NODE_LOST);
    harness.shell("kubectl wait pod/lost --for=jsonpath={.spec.nodeName}=node-1 --timeout=90s");
  }

  /** No other node can run the desktop, so it stays. */
  @Test
  void nodeDraining() {
    harness.shell("kubectl cordon node-1");
    harness.alice().awaitCauseAndFix(KnownCause.NODE_DRAINING);
  }

  /**
   * The kubelet ends the pod: it would overwrite a status that the test writes. After some ends the
   * controller waits long enough for the doctor to observe it.
   */
  @Test
  void podFailed() {
    for (int end = 0; end < 4; end++) {
      harness.shell(
          "timeout 90 sh -c 'until kubectl patch pod failed --type=merge"
              + " --patch={\\\"spec\\\":{\\\"activeDeadlineSeconds\\\":1}}; do sleep 1; done'"
              + " && kubectl wait --for=delete pod/failed --timeout=90s");
    }
    harness.doctor("failed").awaitCauseAndFix(KnownCause.POD_FAILED);
  }
}
