package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import java.util.List;
import java.util.Optional;

/**
 * What is to be done.
 *
 * @param stages one after the other; the actions of a stage do not depend on each other
 * @param status the status once all stages are done; empty where it must not be written
 */
public record Plan(List<List<Action>> stages, Optional<VdiSession.Status> status, Requeue next) {
  public Plan {
    stages = stages.stream().filter(stage -> !stage.isEmpty()).map(List::copyOf).toList();
  }

  /** Whether a pod is to be made. */
  public boolean startsPod() {
    return stages.stream()
        .flatMap(List::stream)
        .anyMatch(action ->
            action instanceof Action.Create(DesiredObject desired)
                && desired.kind().equals(ResourceType.POD));
  }

  public boolean isEmpty() {
    return stages.isEmpty();
  }
}
