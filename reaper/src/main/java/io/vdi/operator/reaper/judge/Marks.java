package io.vdi.operator.reaper.judge;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.VdiSession;
import java.util.Optional;

/**
 * By what an object is known to be one that the operator has made for a session, spec.md section 2.
 * One mark alone may be anybody's; only all of them together are ours.
 */
public final class Marks {
  private Marks() {}

  /** The session's name, where the object bears all the marks; else it is none of our business. */
  public static Optional<String> session(Kind<?> kind, Meta object) {
    Optional<String> user = object.annotation(Names.USER);
    boolean labelled =
        object.label(Names.MANAGED_BY).equals(Optional.of(Names.OPERATOR))
            && object.label(Names.APP).equals(Optional.of(Names.SESSION_APP))
            && user.isPresent()
            && object.label(Names.USER).equals(user.map(Names::labelValue));
    boolean owned = object.controller().filter(owner -> !isSession(owner)).isEmpty();
    boolean ownerless = object.controller().isPresent() || object.ownerReferences().isEmpty();
    return object
        .label(Names.INSTANCE)
        .filter(session -> labelled && owned && ownerless)
        .filter(session -> object.name().equals(name(kind, session)))
        .filter(session ->
            object.controller().filter(owner -> !owner.name().equals(session)).isEmpty());
  }

  /** Whether it is a home that outlives its session: a claim of ours without an owner. */
  public static boolean isHome(Kind<?> kind, Meta object) {
    return kind.plural().equals(Kind.VOLUME_CLAIM.plural())
        && object.ownerReferences().isEmpty()
        && session(kind, object).isPresent();
  }

  /** A home goes to the same user's session only, never to another user's. */
  public static boolean isHomeOf(Meta claim, VdiSession session) {
    return claim.annotation(Names.USER).equals(Optional.of(session.spec().user()));
  }

  /** Whether somebody wants it left alone. */
  static boolean isKept(Meta object) {
    return object.annotation(Names.KEEP).equals(Optional.of("true"));
  }

  private static boolean isSession(OwnerReference owner) {
    return owner.kind().equals(Kind.SESSION.name())
        && owner.apiVersion().startsWith(Names.GROUP + "/");
  }

  private static String name(Kind<?> kind, String session) {
    return kind.plural().equals(Kind.SECRET.plural())
        ? Names.secret(session)
        : kind.plural().equals(Kind.VOLUME_CLAIM.plural()) ? Names.volumeClaim(session) : session;
  }
}
