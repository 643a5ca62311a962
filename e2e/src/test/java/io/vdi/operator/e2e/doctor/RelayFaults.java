package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import org.junit.jupiter.api.Test;

/** The TURN relay of WebRTC sessions. */
abstract class RelayFaults {
  private static final String SESSION = "webrtc";

  private final DoctorHarness harness;

  RelayFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void aHealthyWebRtcSessionHasNoFinding() {
    harness.awaitRunning(SESSION);
    harness.doctor(SESSION).awaitHealth();
  }

  @Test
  void turnRefused() {
    harness.shell(
        "kubectl patch secret vdi-auth-webrtc --type=merge --patch='{\"stringData\":"
            + " {\"turn-password\": \"forged\"}}'");
    harness.doctor(SESSION).awaitCauseAndFix(KnownCause.TURN_REFUSED);
  }

  @Test
  void turnUnreachable() {
    harness.relay().kill();
    try {
      harness.doctor(SESSION).awaitCause(KnownCause.TURN_UNREACHABLE);
    } finally {
      harness.relay().start();
      harness.doctor(SESSION).awaitHealth();
    }
  }
}
