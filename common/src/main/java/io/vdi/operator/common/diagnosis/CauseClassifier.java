package io.vdi.operator.common.diagnosis;

import io.vdi.operator.common.model.Pod;
import java.util.Locale;
import java.util.Optional;

/** From the cluster's own words to the cause. */
public final class CauseClassifier {
  private CauseClassifier() {}

  /** Of a pod that cannot be placed: by what the scheduler says. */
  public static KnownCause ofUnschedulable(String message) {
    return message.contains("Insufficient nvidia.com/gpu")
        ? KnownCause.GPU_EXHAUSTED
        : KnownCause.NO_NODE_FITS;
  }

  /** Of a container that waits; empty where waiting is normal. */
  public static Optional<KnownCause> ofWaiting(Pod.Detail waiting) {
    return switch (waiting.reason()) {
      case "ErrImagePull",
          "ImagePullBackOff",
          "InvalidImageName",
          "ErrImageNeverPull",
          "ImageInspectError",
          "RegistryUnavailable" ->
          Optional.of(KnownCause.IMAGE_NOT_PULLED);
      case "CrashLoopBackOff" -> Optional.of(KnownCause.DESKTOP_CRASHES);
      default -> Optional.empty();
    };
  }

  /** Of a pod that will never run again. */
  public static KnownCause ofFinished(Pod pod) {
    return pod.status().reason().equals("UnexpectedAdmissionError")
        ? KnownCause.DEVICE_NOT_ALLOCATED
        : KnownCause.POD_FAILED;
  }

  /** Of a write that the API server refuses for good; empty for what is in no catalogue. */
  public static Optional<KnownCause> ofRefusal(String reason, String message) {
    String words = message.toLowerCase(Locale.ROOT);
    if (words.contains("exceeded quota")) {
      return Optional.of(KnownCause.NAMESPACE_QUOTA);
    }
    if (words.contains("violates podsecurity")) {
      return Optional.of(KnownCause.POD_SECURITY);
    }
    if (words.contains("is not owned by this session")) {
      return Optional.of(KnownCause.FOREIGN_OBJECT);
    }
    return switch (reason) {
      case "Invalid", "BadRequest" -> Optional.of(KnownCause.TEMPLATE_INVALID);
      // With "cannot" it is the controller's own account that may not.
      case "Forbidden" ->
          words.contains(" cannot ") ? Optional.of(KnownCause.RIGHTS_MISSING) : Optional.empty();
      default -> Optional.empty();
    };
  }

  /** The line by which a desktop tells that it may not write its home. */
  public static Optional<String> cannotWrite(String log, String home) {
    return log.lines()
        .filter(line -> line.contains(home))
        .filter(line -> line.contains("Permission denied") || line.contains("not writable"))
        .map(String::strip)
        .findFirst();
  }
}
