package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import java.time.Instant;

/** One write. */
public sealed interface Action {
  /** Before anything else is made, so that nothing can be left behind. */
  record AddFinalizer(VdiSession session) implements Action {}

  /** When nothing is left to tidy up. */
  record RemoveFinalizer(VdiSession session) implements Action {}

  record Create(DesiredObject desired) implements Action {}

  /** Changes an object of ours to what it should be. */
  record Update(DesiredObject desired, ObjectMeta current) implements Action {}

  /**
   * Gives the session TURN credentials for another while: a pod is about to start that reads them.
   */
  record RenewTurn(ObjectMeta secret, Instant expires) implements Action {}

  record Delete(ResourceType<?> kind, ObjectMeta current) implements Action {}
}
