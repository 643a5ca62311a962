package io.vdi.operator.e2e.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vdi.operator.devcluster.addons.DraDriverAddon;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Dynamic resource allocation on a real kubelet, whose driver is simulated: it offers one GPU and
 * gives a container that claims it an environment variable, through a CDI file.
 */
@Order(4)
class DeviceClaimsIT {
  private static final String ALLOCATED =
      "jsonpath={.items[*].status.allocation.devices.results[*].device}";

  @Test
  void aSuspendedSessionGivesItsDeviceToOneThatWaits() {
    OperatorNode node = SharedNode.withDefaults();
    DraDriverAddon.start(node.cluster(), 1);
    node.template(
        "claimed",
        """
        resources: {defaultCPU: 300m, defaultMemory: 1Gi, defaultGPU: 1}
          gpu:
            deviceClassName: gpu.example.com
            selectors: ["device.attributes['gpu.example.com'].model == 'Tesla-T4'"]
            deviceConfig: {driver: gpu.example.com, parameters: {sharing: mps}}
        """);
    session(node, "claimer");
    awaitPhase(node, "claimer", "Running");
    assertThat(device(node, "claimer")).isEqualTo("gpu-0");
    assertThat(node.kubectl("exec", "claimer", "-c", "selkies", "--", "env"))
        .contains("VDI_DEVCLUSTER_DEVICE_GPU_0=mps");
    session(node, "waiter");
    await("the second session to wait for the device")
        .atMost(SharedNode.PATIENCE)
        .until(() -> message(node, "waiter").contains("cannot allocate all claims"));
    node.suspend("claimer", true);
    awaitPhase(node, "claimer", "Suspended");
    awaitPhase(node, "waiter", "Running");
    assertThat(device(node, "waiter")).isEqualTo("gpu-0");
    assertThat(device(node, "claimer")).isEmpty();
    node.kubectl("delete", "vdi", "claimer", "waiter", "--wait", "--timeout=90s");
    await("no claim")
        .atMost(SharedNode.PATIENCE)
        .until(() -> node.kubectl("get", "resourceclaims", "-o", "name").isBlank());
    node.kubectl("delete", "vdit", "claimed");
  }

  private static void session(OperatorNode node, String name) {
    node.apply(
        """
        apiVersion: vdi.kasm.io/v1alpha1
        kind: VDISession
        metadata: {name: %1$s}
        spec: {user: %1$s@example.com, template: claimed, persistence: {enabled: false}}
        """
            .formatted(name));
  }

  private static void awaitPhase(OperatorNode node, String session, String phase) {
    await(session + " to be " + phase)
        .atMost(SharedNode.PATIENCE)
        .until(() -> node.phase(session).equals(phase));
  }

  /** The devices that the claims of a session have; empty if there are none. */
  private static String device(OperatorNode node, String session) {
    return node.kubectl(
            "get", "resourceclaims", "-l", "app.kubernetes.io/instance=" + session, "-o", ALLOCATED)
        .strip();
  }

  private static String message(OperatorNode node, String session) {
    return node.kubectl("get", "vdi", session, "-o", "jsonpath={.status.message}");
  }
}
