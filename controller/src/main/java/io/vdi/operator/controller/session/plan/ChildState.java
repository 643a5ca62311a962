package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;

/** An existing object that has the name of a session's object. */
public record ChildState(ResourceType<?> type, KubeObject object, Ownership ownership) {
  public static ChildState of(ResourceType<?> type, KubeObject object, VdiSession session) {
    return new ChildState(type, object, Ownership.of(type, object.metadata(), session));
  }

  ObjectMeta metadata() {
    return object.metadata();
  }

  public boolean isOurs() {
    return ownership == Ownership.OURS || ownership == Ownership.OWNERLESS;
  }

  /** Whether it belongs to the session and is not being deleted. */
  boolean canBeChanged() {
    return isOurs() && !metadata().isDeleting();
  }

  boolean isOwnerless() {
    return ownership == Ownership.OWNERLESS;
  }

  boolean isForeign() {
    return ownership == Ownership.FOREIGN;
  }

  /**
   * Whether the object is about to disappear without an action of the controller. Its name is taken
   * until then.
   */
  boolean isLeaving() {
    return metadata().isDeleting() || ownership == Ownership.PREVIOUS_SESSION;
  }
}
