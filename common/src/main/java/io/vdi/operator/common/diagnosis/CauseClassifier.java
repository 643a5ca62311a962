package io.vdi.operator.common.diagnosis;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Pod;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Derives the cause from messages and reasons of Kubernetes. */
public final class CauseClassifier {
  /** Of extended resources, and of claims. */
  private static final Pattern NO_FREE_GPU =
      Pattern.compile("Insufficient \\S+/\\S+|cannot allocate all claims");

  private static final Pattern NO_DEVICE_CLASS =
      Pattern.compile("device class \\S+ does not exist");

  private CauseClassifier() {}

  /** For a pod that is not scheduled, from the scheduler's message. */
  public static KnownCause ofUnschedulable(String message) {
    if (NO_DEVICE_CLASS.matcher(message).find()) {
      return KnownCause.DEVICES_UNAVAILABLE;
    }
    return NO_FREE_GPU.matcher(message).find() ? KnownCause.GPU_EXHAUSTED : KnownCause.NO_NODE_FITS;
  }

  /** Whether a pod is not scheduled because of its GPUs, from the scheduler's message. */
  public static boolean isAboutGpus(String message) {
    return ofUnschedulable(message) != KnownCause.NO_NODE_FITS;
  }

  /** For a waiting container; empty when it waits for a normal reason. */
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

  /** For a pod that will not run again. */
  public static KnownCause ofFinished(Pod pod) {
    return pod.status().reason().equals("UnexpectedAdmissionError")
        ? KnownCause.DEVICE_NOT_ALLOCATED
        : KnownCause.POD_FAILED;
  }

  /** For a write that the API server rejects permanently; empty when the cause is not known. */
  public static Optional<KnownCause> ofRefusal(String reason, String message) {
    String text = message.toLowerCase(Locale.ROOT);
    if (text.contains("exceeded quota")) {
      return Optional.of(KnownCause.NAMESPACE_QUOTA);
    }
    if (text.contains("violates podsecurity")) {
      return Optional.of(KnownCause.POD_SECURITY);
    }
    if (text.contains("is not owned by this session")) {
      return Optional.of(KnownCause.FOREIGN_OBJECT);
    }
    return switch (reason) {
      case "Invalid", "BadRequest" -> Optional.of(KnownCause.TEMPLATE_INVALID);
      case "Forbidden" ->
          ApiFailure.isMissingPermission(reason, message)
              ? Optional.of(KnownCause.RIGHTS_MISSING)
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  /**
   * The line of a desktop's log that reports that its home is not writable.
   *
   * @param home the path of the home in the container
   */
  public static Optional<String> cannotWrite(String log, String home) {
    return log.lines()
        .filter(line -> line.contains(home))
        .filter(line -> line.contains("Permission denied") || line.contains("not writable"))
        .map(String::strip)
        .findFirst();
  }
}
