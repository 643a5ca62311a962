package io.vdi.operator.controller.usage;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.usage.UsageEnd;
import io.vdi.operator.controller.session.plan.Action;
import java.time.Instant;
import java.util.Optional;

/** When and why a desktop ended. */
record Ending(Instant at, UsageEnd why) {

  /**
   * Why the desktop of a session ends or has ended.
   *
   * @param start of its interval
   * @param pod empty if it is gone
   * @param stop the action of the plan that stops the pod
   */
  static UsageEnd why(VdiSession session, Instant start, Optional<Pod> pod, Optional<Action> stop) {
    if (session.metadata().isDeleting()) {
      return switch (session.metadata().annotation(Annotations.ENDED_BY).orElse("")) {
        case "timeout" -> UsageEnd.EXPIRED;
        case "idle" -> UsageEnd.IDLE;
        default -> UsageEnd.DELETED;
      };
    }
    if (session.spec().suspended()) {
      return suspension(session, start);
    }
    boolean drained =
        session.status().condition(Condition.NODE_DRAINING).filter(Condition::isTrue).isPresent();
    if (drained || stop.filter(Action.MovePod.class::isInstance).isPresent()) {
      return UsageEnd.DRAINED;
    }
    return stop.isPresent() || pod.filter(Pod::isFinished).isPresent()
        ? UsageEnd.FAILED
        : UsageEnd.POD_DELETED;
  }

  /** The annotation may be that of an earlier suspension. */
  private static UsageEnd suspension(VdiSession session, Instant start) {
    boolean isLast =
        session
            .metadata()
            .time(Annotations.SUSPENDED_AT)
            .filter(time -> !time.isBefore(start))
            .isPresent();
    if (!isLast) {
      return UsageEnd.SUSPENDED;
    }
    return switch (session.metadata().annotation(Annotations.SUSPENDED_BY).orElse("")) {
      case "idle" -> UsageEnd.IDLE;
      case "schedule" -> UsageEnd.SCHEDULE;
      case "budget" -> UsageEnd.BUDGET;
      default -> UsageEnd.SUSPENDED;
    };
  }
}
