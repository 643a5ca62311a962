package io.vdi.operator.controller.plan;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.objects.Desired;
import java.util.List;
import java.util.Optional;

/**
 * What is to be done.
 *
 * @param stages one after the other; the actions of a stage do not depend on each other
 * @param status the status once all stages are done; empty where it must not be written
 */
public record Plan(List<List<Action>> stages, Optional<VdiSession.Status> status, Next next) {
  public Plan {
    stages = stages.stream().filter(stage -> !stage.isEmpty()).map(List::copyOf).toList();
  }

  /** Whether a pod is to be made. */
  public boolean startsPod() {
    return stages.stream()
        .flatMap(List::stream)
        .anyMatch(action ->
            action instanceof Action.Create(Desired desired) && desired.kind().equals(Kind.POD));
  }

  public boolean isEmpty() {
    return stages.isEmpty();
  }
}
