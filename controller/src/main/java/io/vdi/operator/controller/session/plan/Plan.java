package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.VdiSession;
import java.util.List;
import java.util.Optional;

/**
 * The writes of one pass over a session.
 *
 * @param stages executed in order; the actions of one stage do not depend on each other
 * @param status the status after all stages; empty when the session has nothing left to report
 *     because it is being deleted and has no pod and no route
 */
public record Plan(List<List<Action>> stages, Optional<VdiSession.Status> status, Requeue requeue) {
  public Plan {
    stages = stages.stream().filter(stage -> !stage.isEmpty()).map(List::copyOf).toList();
  }

  /** Whether the session no longer exists for the controller after this plan. */
  public boolean removesFinalizer() {
    return stages.stream().flatMap(List::stream).anyMatch(Action.RemoveFinalizer.class::isInstance);
  }

  public boolean isEmpty() {
    return stages.isEmpty();
  }
}
