package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.diagnosis.StatusMessage;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/**
 * Whether an object belongs to a session. If it has a controller reference, only its UID decides,
 * never a name or a label; docs/specification.md, section 2.
 */
public enum Ownership {
  OURS,
  /**
   * Without an owner, but with all marks of this session's child: a retained home, or an object
   * that lost its owner when it was restored from a backup or orphaned.
   */
  OWNERLESS,
  /** Of a deleted session of the same name: the garbage collector deletes the object. */
  PREVIOUS_SESSION,
  FOREIGN;

  /** The reason of the failure that a foreign object causes. */
  public static final String FOREIGN_OBJECT = "ForeignObject";

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
    return hasAllMarks(object, session) ? OWNERLESS : FOREIGN;
  }

  /**
   * Another object can have the name and some labels of a child, but not all labels and the exact
   * e-mail by chance. The child of another user is foreign.
   */
  private static boolean hasAllMarks(ObjectMeta object, VdiSession session) {
    return object
            .labels()
            .entrySet()
            .containsAll(Labels.ofSession(session.name(), session.spec().user()).entrySet())
        && object.annotation(Annotations.USER).equals(Optional.of(session.spec().user()));
  }

  /** The message for a foreign object; docs/specification.md, section 3, fixes it. */
  public static String refusal(ResourceType<?> type, String name) {
    return StatusMessage.FOREIGN_OBJECT.text(type.kind(), name);
  }
}
