package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.CauseClassifier;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.Pod;
import java.time.Instant;
import java.util.Optional;

/**
 * What earlier passes observed of the pods of a session.
 *
 * @param ended the last pod, if it ended and has not been created again yet
 * @param startIsRetried whether to start a session again whose start was given up
 */
public record PodHistory(Optional<EndedPod> ended, boolean startIsRetried) {
  public static final PodHistory NONE = new PodHistory(Optional.empty(), false);

  /**
   * A pod that will not run again.
   *
   * @param reason in CamelCase, such as {@code Evicted}
   * @param message "pod ended: Evicted: the node was low on memory"
   * @param notBefore when it can be created again
   */
  public record EndedPod(String reason, String message, KnownCause cause, Instant notBefore) {
    /**
     * @param pod in phase Failed or Succeeded
     */
    public static EndedPod of(Pod pod, Instant notBefore) {
      String reason = pod.status().reason();
      String words = pod.status().message().isEmpty() ? termination(pod) : pod.status().message();
      return new EndedPod(
          reason.isEmpty() ? "PodEnded" : reason,
          "the pod ended"
              + (reason.isEmpty() ? "" : ": " + reason)
              + (words.isEmpty() ? "" : ": " + words),
          CauseClassifier.ofFinished(pod),
          notBefore);
    }

    private static String termination(Pod pod) {
      return pod.allContainerStatuses()
          .flatMap(status -> Optional.ofNullable(status.state().terminated()).stream())
          .findFirst()
          .map(detail ->
              detail.reason()
                  + (detail.message().isEmpty() ? "" : ": " + detail.message())
                  + " (exit code "
                  + detail.exitCode()
                  + ")")
          .orElse("");
    }
  }
}
