package io.vdi.operator.controller.plan;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/** Whose an object is. Only the UID of the controller reference counts, never a name or a label. */
public enum Ownership {
  OURS,
  /** Of a session of the same name that has gone: the garbage collector is about to take it. */
  FORMER,
  FOREIGN;

  public static Ownership of(Kind<?> kind, Meta object, VdiSession session) {
    Optional<OwnerReference> controller = object.controller();
    if (controller.isPresent()) {
      OwnerReference owner = controller.get();
      return owner.uid().equals(session.uid())
          ? OURS
          : owner.kind().equals(Kind.SESSION.name()) && owner.name().equals(session.name())
              ? FORMER
              : FOREIGN;
    }
    return kind.equals(Kind.VOLUME_CLAIM) && isRetainedHome(object, session) ? OURS : FOREIGN;
  }

  /**
   * A home without an owner is this session's where it was made for the same user's session of the
   * same name (spec.md section 5): never another user's.
   */
  private static boolean isRetainedHome(Meta claim, VdiSession session) {
    return claim.label(Names.MANAGED_BY).equals(Optional.of(Names.OPERATOR))
        && claim.label(Names.INSTANCE).equals(Optional.of(session.name()))
        && claim.annotation(Names.USER).equals(Optional.of(session.spec().user()));
  }

  /** The message for a foreign object, spec.md section 3. */
  public static String refusal(Kind<?> kind, String name) {
    return kind.name() + " " + name + " exists and is not owned by this session";
  }
}
