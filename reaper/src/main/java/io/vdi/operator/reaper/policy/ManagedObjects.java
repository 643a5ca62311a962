package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/**
 * By what an object is known to be one that the operator has made for a session, spec.md section 2.
 * One mark alone may be anybody's; only all of them together are ours.
 */
public final class ManagedObjects {
  private ManagedObjects() {}

  /** The session's name, where the object bears all the marks; else it is none of our business. */
  public static Optional<String> session(ResourceType<?> kind, ObjectMeta object) {
    Optional<String> user = object.annotation(Annotations.USER);
    boolean labelled =
        object.label(Labels.MANAGED_BY).equals(Optional.of(Labels.OPERATOR))
            && object.label(Labels.NAME).equals(Optional.of(Labels.SESSION))
            && user.isPresent()
            && object.label(Labels.USER).equals(user.map(Labels::valueOf));
    boolean owned = object.controller().filter(owner -> !isSession(owner)).isEmpty();
    boolean ownerless = object.controller().isPresent() || object.ownerReferences().isEmpty();
    return object
        .label(Labels.INSTANCE)
        .filter(session -> labelled && owned && ownerless)
        .filter(session -> object.name().equals(name(kind, session)))
        .filter(session ->
            object.controller().filter(owner -> !owner.name().equals(session)).isEmpty());
  }

  /** Whether it is a home that outlives its session: a claim of ours without an owner. */
  public static boolean isHome(ResourceType<?> kind, ObjectMeta object) {
    return kind.plural().equals(ResourceType.PERSISTENT_VOLUME_CLAIM.plural())
        && object.ownerReferences().isEmpty()
        && session(kind, object).isPresent();
  }

  /** A home goes to the same user's session only, never to another user's. */
  public static boolean isHomeOf(ObjectMeta claim, VdiSession session) {
    return claim.annotation(Annotations.USER).equals(Optional.of(session.spec().user()));
  }

  /** Whether somebody wants it left alone. */
  static boolean isKept(ObjectMeta object) {
    return object.annotation(Annotations.KEEP).equals(Optional.of("true"));
  }

  private static boolean isSession(OwnerReference owner) {
    return owner.kind().equals(ResourceType.SESSION.kind())
        && owner.apiVersion().startsWith(VdiSession.GROUP + "/");
  }

  private static String name(ResourceType<?> kind, String session) {
    return kind.plural().equals(ResourceType.SECRET.plural())
        ? ResourceNames.secret(session)
        : kind.plural().equals(ResourceType.PERSISTENT_VOLUME_CLAIM.plural())
            ? ResourceNames.persistentVolumeClaim(session)
            : session;
  }
}
