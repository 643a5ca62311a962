package io.vdi.operator.e2e.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.devcluster.addons.NetworkPolicyAddon;
import org.junit.jupiter.api.Test;

/** The network of the node, which enforces no policies unless a test adds this. */
abstract class NetworkFaults {
  private final DoctorHarness harness;

  NetworkFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  void networkOpen() throws InterruptedException {
    DoctorRun doctor = harness.alice().withProbe();
    doctor.awaitCause(KnownCause.NETWORK_OPEN);
    // The remedy: the cluster gets a network that enforces policies.
    NetworkPolicyAddon network = NetworkPolicyAddon.start(harness.node().cluster());
    try {
      doctor.awaitHealth();
    } finally {
      network.close();
    }
    doctor.awaitCause(KnownCause.NETWORK_OPEN);
  }
}
