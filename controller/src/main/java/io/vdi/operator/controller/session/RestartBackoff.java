package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.Pod;
import io.vdi.operator.controller.session.plan.PodHistory.EndedPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When the pod of a session that has ended can be created again: after 1 s, and twice as long after
 * each further end, at most 5 min. A desktop that has been ready for 10 min resets the delay;
 * docs/specification.md, section 3, Ended pods. A new leader starts with 1 s. A pod that is being
 * deleted, such as by a drain, reaches a final phase too: it does not count, so that drains do not
 * delay the next pod.
 *
 * <p>Not thread-safe: one worker at a time handles a session.
 */
final class RestartBackoff {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration MAX = Duration.ofMinutes(5);
  private static final Duration RESET_AFTER = Duration.ofMinutes(10);

  /** More doublings exceed {@link #MAX} by far. */
  private static final int MAX_DOUBLINGS = 10;

  private int ends;
  private String lastUid = "";
  private Optional<EndedPod> ended = Optional.empty();

  /**
   * Takes the pod of this pass into account.
   *
   * @return the pod that ended, until another one has replaced it
   */
  Optional<EndedPod> observe(Optional<Pod> pod, Instant now) {
    pod.ifPresent(present -> {
      if (!present.isFinished()) {
        ended = Optional.empty();
        if (present
            .readySince()
            .filter(since -> !now.isBefore(since.plus(RESET_AFTER)))
            .isPresent()) {
          ends = 0;
        }
      } else if (!present.metadata().isDeleting() && !present.metadata().uid().equals(lastUid)) {
        lastUid = present.metadata().uid();
        Duration delay = FIRST.multipliedBy(1L << Math.min(ends, MAX_DOUBLINGS));
        ends++;
        ended = Optional.of(EndedPod.of(present, now.plus(delay.compareTo(MAX) < 0 ? delay : MAX)));
      }
    });
    return ended;
  }

  /** The session is suspended: its next pod does not replace an ended one. */
  void reset() {
    ends = 0;
    ended = Optional.empty();
  }
}
