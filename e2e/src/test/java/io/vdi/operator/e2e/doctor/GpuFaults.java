package io.vdi.operator.e2e.doctor;

import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.devcluster.addons.GpuOperatorAddon;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * GPUs and time slicing. The order matters: alice holds the node's only GPU until the remedy of the
 * first test slices it; the last test removes the slicing again.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class GpuFaults {
  private static final String REMOVE_SLICING =
      "kubectl patch clusterpolicies.nvidia.com/cluster-policy --type=merge"
          + " --patch='{\"spec\": {\"devicePlugin\": {\"config\": null}}}'";
  private static final String ONE_GPU = FaultySessions.NO_HOME + "\n  resources: {gpu: 1}";

  private static final String SMALL =
      "resources: {defaultGPU: 1, defaultCPU: 100m, defaultMemory: 512Mi}";

  private final DoctorHarness harness;

  GpuFaults(DoctorHarness harness) {
    this.harness = harness;
  }

  @Test
  @Order(1)
  void gpuExhausted() {
    new FaultySessions(harness).session("default", "sharer", "gpu", ONE_GPU);
    try {
      harness.doctor("sharer").awaitCause(KnownCause.GPU_EXHAUSTED);
    } finally {
      GpuOperatorAddon.install(harness.node().api());
      // The doctor's remedy.
      harness.shell("gpu/configure_gpu_slicing.sh --replicas 8 --timeout 60");
    }
  }

  @Test
  @Order(2)
  void slicingMapMissing() {
    harness.shell("kubectl -n gpu-operator delete configmap time-slicing-config");
    harness.alice().awaitCauseAndFix(KnownCause.SLICING_MAP_MISSING);
  }

  @Test
  @Order(3)
  void slicingNotReferenced() {
    harness.shell(REMOVE_SLICING);
    harness.alice().awaitCauseAndFix(KnownCause.SLICING_NOT_REFERENCED);
  }

  /** The device plugin is stopped while it offers one GPU, so that it does not start to offer 8. */
  @Test
  @Order(4)
  void slicingNotInEffect() {
    harness.shell(REMOVE_SLICING);
    await("one GPU")
        .atMost(DoctorHarness.PATIENCE)
        .until(() ->
            harness
                .shell("kubectl get node node-1 -o jsonpath='{.status.allocatable}'")
                .contains("\"nvidia.com/gpu\":\"1\""));
    signalDevicePlugin("-STOP");
    harness.shell(
        "kubectl patch clusterpolicies.nvidia.com/cluster-policy --type=merge"
            + " --patch-file=gpu/cluster-policy-patch.yaml");
    try {
      harness.alice().awaitCause(KnownCause.SLICING_NOT_IN_EFFECT);
    } finally {
      signalDevicePlugin("-CONT");
      harness.alice().awaitHealth();
    }
  }

  private void signalDevicePlugin(String signal) {
    ProcessHandle.current()
        .descendants()
        .filter(process ->
            process
                .info()
                .command()
                .filter(command -> command.endsWith("/device-plugin"))
                .isPresent())
        .forEach(process -> harness.shell("kill " + signal + " " + process.pid()));
  }

  @Test
  @Order(5)
  void gpuProductLabel() {
    label("nvidia.com/gpu.product=Tesla-T4");
    try {
      harness.alice().awaitCause(KnownCause.GPU_PRODUCT_LABEL);
    } finally {
      label("nvidia.com/gpu.product=Tesla-T4-SHARED");
      harness.alice().awaitHealth();
    }
  }

  @Test
  @Order(6)
  void deviceNotAllocated() {
    label("vdi.devcluster/broken-gpus=true");
    new FaultySessions(harness).session("default", "unlucky", "gpu", ONE_GPU);
    try {
      harness.doctor("unlucky").awaitCause(KnownCause.DEVICE_NOT_ALLOCATED);
    } finally {
      label("vdi.devcluster/broken-gpus-");
      await("the controller to start the pod again")
          .atMost(DoctorHarness.PATIENCE)
          .until(() ->
              harness
                  .node()
                  .kubectl(
                      "get",
                      "pod",
                      "unlucky",
                      "--ignore-not-found",
                      "-o",
                      "jsonpath={.status.phase}")
                  .equals("Running"));
      harness.shell("kubectl delete vdi sharer unlucky");
      harness.shell("gpu/configure_gpu_slicing.sh --replicas 1 --timeout 60");
      harness.shell("kubectl delete crd clusterpolicies.nvidia.com");
      harness.alice().awaitHealth();
    }
  }

  @Test
  @Order(7)
  void devicesUnavailable() {
    harness.node().template("devices", "gpu: {deviceClassName: nowhere.example.com}\n  " + SMALL);
    new FaultySessions(harness).session("default", "devices", "devices", FaultySessions.NO_HOME);
    try {
      harness.doctor("devices").awaitCause(KnownCause.DEVICES_UNAVAILABLE);
    } finally {
      harness.shell("kubectl delete vdi devices");
      harness.shell("kubectl delete vdit devices");
    }
  }

  private void label(String change) {
    harness.shell("kubectl label node node-1 " + change + " --overwrite");
  }
}
