package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/**
 * Recognizes the objects that the operator created for a session; docs/specification.md, section 2.
 * Anybody can set a single label, so an object must have all of the marks.
 */
public final class ManagedObjects {
  private ManagedObjects() {}

  /**
   * The object as a child or home of a session. Empty if one mark is missing: the reaper must not
   * touch such an object.
   */
  public static Optional<ManagedObject> identify(ResourceType<?> type, ObjectMeta object) {
    return ChildKind.of(type)
        .filter(kind -> hasLabels(object) && hasOwnerOfSession(object))
        .flatMap(kind ->
            object
                .label(Labels.INSTANCE)
                .filter(session -> object.name().equals(kind.nameFor(session)))
                .map(session -> managed(kind, object, session)));
  }

  private static ManagedObject managed(ChildKind kind, ObjectMeta object, String session) {
    return kind == ChildKind.HOME
        ? new ManagedObject.Home(object, session)
        : new ManagedObject.Child(kind, object, session);
  }

  /**
   * Whether the child is an object of this session, which has the name that the child's labels
   * name: the session controls it, or the controller adopts it soon. A restore from a backup can
   * remove the owners of all objects. A session that is being deleted adopts nothing.
   */
  public static boolean isChildOf(ObjectMeta child, VdiSession session) {
    return child.isControlledBy(session.uid())
        || (child.ownerReferences().isEmpty()
            && !session.metadata().isDeleting()
            && isOfSameUser(child, session));
  }

  /**
   * Whether this session uses the home or can use it: it controls the home, or it has the same
   * user.
   */
  public static boolean isHomeOf(ObjectMeta claim, VdiSession session) {
    return claim.isControlledBy(session.uid()) || isOfSameUser(claim, session);
  }

  private static boolean isOfSameUser(ObjectMeta object, VdiSession session) {
    return object.annotation(Annotations.USER).equals(Optional.of(session.spec().user()));
  }

  /** Whether the annotation {@code vdi.kasm.io/keep} protects the object from the reaper. */
  static boolean isKept(ObjectMeta object) {
    return object.annotation(Annotations.KEEP).equals(Optional.of("true"));
  }

  private static boolean hasLabels(ObjectMeta object) {
    Optional<String> user = object.annotation(Annotations.USER);
    return object.label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR))
        && object.label(Labels.NAME).equals(Optional.of(Labels.SESSION))
        && user.isPresent()
        && object.label(Labels.USER).equals(user.map(Labels::valueOf));
  }

  /** Whether its controller is the session that its label names, or it has no owner at all. */
  private static boolean hasOwnerOfSession(ObjectMeta object) {
    return object
        .controller()
        .map(owner ->
            isSession(owner) && object.label(Labels.INSTANCE).equals(Optional.of(owner.name())))
        .orElse(object.ownerReferences().isEmpty());
  }

  private static boolean isSession(OwnerReference owner) {
    return owner.kind().equals(ResourceType.SESSION.kind())
        && owner.apiVersion().startsWith(VdiSession.GROUP + "/");
  }
}
