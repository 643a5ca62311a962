package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/**
 * Whether an object belongs to a session. Only the UID of the controller reference decides, never a
 * name or a label; docs/specification.md, section 2.
 */
public enum Ownership {
  OURS,
  /** Of a deleted session of the same name: the garbage collector deletes the object. */
  PREVIOUS_SESSION,
  FOREIGN;

  public static Ownership of(ResourceType<?> type, ObjectMeta object, VdiSession session) {
    Optional<OwnerReference> controller = object.controller();
    if (controller.isPresent()) {
      OwnerReference owner = controller.get();
      return owner.uid().equals(session.uid())
          ? OURS
          : owner.kind().equals(ResourceType.SESSION.kind()) && owner.name().equals(session.name())
              ? PREVIOUS_SESSION
              : FOREIGN;
    }
    return type.equals(ResourceType.PERSISTENT_VOLUME_CLAIM) && isRetainedHome(object, session)
        ? OURS
        : FOREIGN;
  }

  /**
   * A home without an owner belongs to the session if it was created for a session of the same name
   * and the same user (docs/specification.md, section 5). The home of another user is foreign.
   */
  private static boolean isRetainedHome(ObjectMeta claim, VdiSession session) {
    return claim.label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR))
        && claim.label(Labels.INSTANCE).equals(Optional.of(session.name()))
        && claim.annotation(Annotations.USER).equals(Optional.of(session.spec().user()));
  }

  /** The message for a foreign object; docs/specification.md, section 3, fixes it. */
  public static String refusal(ResourceType<?> type, String name) {
    return type.kind() + " " + name + " exists and is not owned by this session";
  }
}
