package io.vdi.operator.common.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Pod;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With messages as Kubernetes 1.36 writes them. */
class CauseClassifierTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. no new claims | GPU_EXHAUSTED",
        "0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient nvidia.com/gpu.|GPU_EXHAUSTED",
        "0/3 nodes are available: 3 Insufficient amd.com/gpu. | GPU_EXHAUSTED",
        "0/3 nodes are available: 2 cannot allocate all claims, 1 Insufficient cpu.|GPU_EXHAUSTED",
        "0/1 nodes are available: request gpu: device class a does not exist.|DEVICES_UNAVAILABLE",
        "0/3 nodes are available: 3 Insufficient memory. | NO_NODE_FITS",
        "0/1 nodes are available: 1 node(s) had untolerated taint(s). | NO_NODE_FITS",
        "'' | NO_NODE_FITS",
      })
  @DisplayName("an unschedulable pod lacks a GPU, or fits on no node")
  void unschedulable(String message, KnownCause cause) {
    assertThat(CauseClassifier.ofUnschedulable(message)).isEqualTo(cause);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable"
      })
  @DisplayName("every reason of the kubelet for a missing image is IMAGE_NOT_PULLED")
  void imageNotPulled(String reason) {
    assertThat(CauseClassifier.ofWaiting(new Pod.Detail(reason, "", 0, null)))
        .contains(KnownCause.IMAGE_NOT_PULLED);
  }

  @ParameterizedTest
  @CsvSource({"CrashLoopBackOff, DESKTOP_CRASHES", "ContainerCreating,", "PodInitializing,", "'',"})
  @DisplayName("a container that waits normally has no cause")
  void waiting(String reason, KnownCause cause) {
    assertThat(CauseClassifier.ofWaiting(new Pod.Detail(reason, "", 0, null)))
        .isEqualTo(Optional.ofNullable(cause));
  }

  @ParameterizedTest
  @CsvSource({
    "UnexpectedAdmissionError, DEVICE_NOT_ALLOCATED",
    "Evicted, POD_FAILED",
    "NodeShutdown, POD_FAILED",
    "'', POD_FAILED"
  })
  @DisplayName("a finished pod did not get its device, or failed for another reason")
  void finished(String reason, KnownCause cause) {
    Pod pod =
        KubeGson.gson().fromJson("{status: {phase: Failed, reason: '" + reason + "'}}", Pod.class);
    assertThat(CauseClassifier.ofFinished(pod)).isEqualTo(cause);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Forbidden | pods \"a\" is forbidden: exceeded quota: q, requested: pods=1 | NAMESPACE_QUOTA",
        "Forbidden | pods \"a\" is forbidden: violates PodSecurity \"restricted:v1.36\" | POD_SECURITY",
        "ForeignObject | Pod a exists and is not owned by this session | FOREIGN_OBJECT",
        "Invalid | Pod \"a\" is invalid: spec.containers[0].image: Required value | TEMPLATE_INVALID",
        "BadRequest | Pod in version \"v1\" cannot be handled as a Pod | TEMPLATE_INVALID",
        "Forbidden | User \"x\" cannot create resource \"pods\" in API group \"\" | RIGHTS_MISSING",
        "Forbidden | admission webhook \"x\" denied the request |",
        "NotFound | namespaces \"team\" not found |",
      })
  @DisplayName("a refused write is classified by reason and message")
  void refusal(String reason, String message, KnownCause cause) {
    assertThat(CauseClassifier.ofRefusal(reason, message)).isEqualTo(Optional.ofNullable(cause));
  }

  @Test
  @DisplayName("the log of a desktop that cannot write its home has a line with the reason")
  void cannotWrite() {
    String log =
        """
        starting
        touch: cannot touch '/tmp/x': Permission denied
          mkdir: cannot create directory '/home/user/.config': Permission denied
        mkdir: cannot create directory '/home/user/.cache': Permission denied
        """;
    assertThat(CauseClassifier.cannotWrite(log, "/home/user"))
        .contains("mkdir: cannot create directory '/home/user/.config': Permission denied");
    assertThat(CauseClassifier.cannotWrite("/home/user is not writable", "/home/user"))
        .contains("/home/user is not writable");
    assertThat(CauseClassifier.cannotWrite("/home/user is ready", "/home/user")).isEmpty();
    assertThat(CauseClassifier.cannotWrite("", "/home/user")).isEmpty();
  }
}
