package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.controller.session.plan.FailedStep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How long the writes of a session have been failing; docs/specification.md, section 3, Failed
 * writes. A conflict or a short outage is over after some retries and is not reported. A missing
 * permission is often granted soon, such as during an upgrade of the chart, and counts as permanent
 * only after a minute.
 *
 * <p>Not thread-safe: one worker at a time handles a session.
 */
final class FailureAge {
  /** Long enough for the first five retries. */
  private static final Duration UNREPORTED = Duration.ofSeconds(3);

  private static final Duration PERMISSION_GRACE = Duration.ofMinutes(1);

  private static final Duration MIN_DELAY = Duration.ofSeconds(1);
  private static final Duration MAX_DELAY = Duration.ofSeconds(20);

  private Optional<Instant> since = Optional.empty();

  /** All writes of a pass succeeded. */
  void reset() {
    since = Optional.empty();
  }

  /** The failures of this pass, judged by how long the session has had failures. */
  List<FailedStep> judge(List<FailedStep> failures, Instant now) {
    Instant first = since.orElse(now);
    since = Optional.of(first);
    boolean recent = now.isBefore(first.plus(PERMISSION_GRACE));
    return failures.stream().map(failed -> recent ? lenient(failed) : failed).toList();
  }

  /** Whether the failures of this pass belong in the status. */
  boolean isReported(List<FailedStep> failures, Instant now) {
    return failures.stream().anyMatch(failed -> failed.failure() instanceof ApiFailure.Permanent)
        || since.filter(first -> !now.isBefore(first.plus(UNREPORTED))).isPresent();
  }

  /**
   * When to try again after a reported failure: after as long as it has lasted, 1 s to 20 s. Such a
   * session does not count as retrying in the metrics, because its status shows the failure.
   */
  Duration retryDelay(Instant now) {
    Duration lasted = Duration.between(since.orElse(now), now);
    Duration delay = lasted.compareTo(MIN_DELAY) > 0 ? lasted : MIN_DELAY;
    return delay.compareTo(MAX_DELAY) < 0 ? delay : MAX_DELAY;
  }

  private static FailedStep lenient(FailedStep failed) {
    return failed.failure() instanceof ApiFailure.Permanent(String reason, String message)
            && ApiFailure.isMissingPermission(reason, message)
        ? new FailedStep(failed.step(), new ApiFailure.Transient(reason, message))
        : failed;
  }
}
