package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.VdiSession;
import java.time.Instant;
import java.util.Optional;

/**
 * Decides what the reaper does with a session, a child or a home; docs/specification.md, section 5.
 * Nothing is deleted before its due time or while that time is unknown, and no session ends before
 * its user was warned in time. What is due now stays due at every later time unless an object
 * changes; only idleness must be confirmed by a new observation.
 */
public final class ReapPolicy {
  private ReapPolicy() {}

  public static SessionDecision decide(
      SessionState state, SessionHistory history, Instant now, RetentionConfig config) {
    return new SessionExpiryPolicy(state, history, config, now).decide();
  }

  /**
   * @param session the session that the child's labels name, as it is now
   * @param orphanedSince when this process first observed the child without its session
   */
  public static ChildVerdict decide(
      ManagedObject.Child child,
      Optional<VdiSession> session,
      Instant orphanedSince,
      Instant now,
      RetentionConfig config) {
    ObjectMeta object = child.metadata();
    boolean used = session.filter(owner -> ManagedObjects.isChildOf(object, owner)).isPresent();
    if (used || object.isDeleting() || ManagedObjects.isKept(object)) {
      return new ChildVerdict.Ignore();
    }
    Instant due =
        latest(object.creationTimestamp(), orphanedSince).plus(config.orphanGracePeriod());
    String uid = object.controller().map(owner -> " (" + owner.uid() + ")").orElse("");
    return now.isBefore(due)
        ? new ChildVerdict.Wait(due)
        : new ChildVerdict.Delete(due, "its session " + child.session() + uid + " is gone");
  }

  /**
   * @param session the session that the home's labels name, as it is now
   */
  public static HomeVerdict decide(
      ManagedObject.Home home, Optional<VdiSession> session, Instant now, RetentionConfig config) {
    ObjectMeta claim = home.metadata();
    boolean marked = claim.annotation(Annotations.RELEASED_AT).isPresent();
    if (claim.isDeleting()) {
      return new HomeVerdict.Ignore();
    }
    if (ManagedObjects.isKept(claim)) {
      return marked ? new HomeVerdict.RetainForever() : new HomeVerdict.Ignore();
    }
    Optional<Instant> released = claim.time(Annotations.RELEASED_AT);
    if (session.filter(user -> ManagedObjects.isHomeOf(claim, user)).isPresent()) {
      return released.isPresent() ? new HomeVerdict.ClearReleased() : new HomeVerdict.Ignore();
    }
    if (released.isEmpty()) {
      return new HomeVerdict.MarkReleased(now);
    }
    if (config.homeRetention().isZero()) {
      return new HomeVerdict.RetainForever();
    }
    Instant due = released.get().plus(config.homeRetention());
    return now.isBefore(due)
        ? new HomeVerdict.Retain(due)
        : new HomeVerdict.Delete(due, "no session has used it since " + released.get());
  }

  private static Instant latest(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }
}
