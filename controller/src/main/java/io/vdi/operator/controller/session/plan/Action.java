package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import java.util.Optional;

/** One write to the cluster, with all the data that it needs. */
public sealed interface Action {
  /** Comes before the first creation, so that a deleted session is always cleaned up. */
  record AddFinalizer(VdiSession session) implements Action {}

  /** Comes after the deletion of route and pod. */
  record RemoveFinalizer(VdiSession session) implements Action {}

  record Create(DesiredObject desired) implements Action {}

  /**
   * Creates the Secret. The executor adds the secret values, which are in no plan.
   *
   * @param turn empty if the session uses no TURN server
   */
  record CreateSecret(DesiredObject desired, Optional<TurnGrant> turn) implements Action {}

  /** Patches an object of the session. */
  record Update(DesiredObject desired, ObjectMeta current) implements Action {}

  /** Issues new TURN credentials for the pod that this plan creates. */
  record RenewTurn(ObjectMeta secret, TurnGrant turn) implements Action {}

  record Delete(ResourceType<?> type, ObjectMeta current) implements Action {}
}
