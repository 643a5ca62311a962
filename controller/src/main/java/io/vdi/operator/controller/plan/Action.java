package io.vdi.operator.controller.plan;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.objects.Desired;
import java.time.Instant;

/** One write. */
public sealed interface Action {
  /** Before anything else is made, so that nothing can be left behind. */
  record AddFinalizer(VdiSession session) implements Action {}

  /** When nothing is left to tidy up. */
  record RemoveFinalizer(VdiSession session) implements Action {}

  record Create(Desired desired) implements Action {}

  /** Changes an object of ours to what it should be. */
  record Update(Desired desired, Meta current) implements Action {}

  /**
   * Gives the session TURN credentials for another while: a pod is about to start that reads them.
   */
  record RenewTurn(Meta secret, Instant expires) implements Action {}

  record Delete(Kind<?> kind, Meta current) implements Action {}
}
