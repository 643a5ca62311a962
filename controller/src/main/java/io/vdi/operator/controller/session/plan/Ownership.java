package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/** Whose an object is. Only the UID of the controller reference counts, never a name or a label. */
public enum Ownership {
  OURS,
  /** Of a session of the same name that has gone: the garbage collector is about to take it. */
  PREVIOUS_SESSION,
  FOREIGN;

  public static Ownership of(ResourceType<?> kind, ObjectMeta object, VdiSession session) {
    Optional<OwnerReference> controller = object.controller();
    if (controller.isPresent()) {
      OwnerReference owner = controller.get();
      return owner.uid().equals(session.uid())
          ? OURS
          : owner.kind().equals(ResourceType.SESSION.kind()) && owner.name().equals(session.name())
              ? PREVIOUS_SESSION
              : FOREIGN;
    }
    return kind.equals(ResourceType.PERSISTENT_VOLUME_CLAIM) && isRetainedHome(object, session)
        ? OURS
        : FOREIGN;
  }

  /**
   * A home without an owner is this session's where it was made for the same user's session of the
   * same name (spec.md section 5): never another user's.
   */
  private static boolean isRetainedHome(ObjectMeta claim, VdiSession session) {
    return claim.label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR))
        && claim.label(Labels.INSTANCE).equals(Optional.of(session.name()))
        && claim.annotation(Annotations.USER).equals(Optional.of(session.spec().user()));
  }

  /** The message for a foreign object, spec.md section 3. */
  public static String refusal(ResourceType<?> kind, String name) {
    return kind.kind() + " " + name + " exists and is not owned by this session";
  }
}
