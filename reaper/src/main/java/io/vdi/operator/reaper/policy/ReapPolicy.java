package io.vdi.operator.reaper.policy;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * What is to become of something, spec.md section 5. Never before its time, never on doubt; and
 * what has had its time has had it at every later moment too, unless something changes.
 */
public final class ReapPolicy {
  private ReapPolicy() {}

  public static Verdict judge(Candidate candidate, Instant now, RetentionConfig rules) {
    return switch (candidate) {
      case Candidate.Session session -> new SessionExpiryPolicy(session, rules, now).judge();
      case Candidate.Child child -> child(child, now, rules);
      case Candidate.Home home -> home(home, now, rules);
    };
  }

  private static Verdict child(Candidate.Child child, Instant now, RetentionConfig rules) {
    ObjectMeta object = child.object();
    Optional<String> name = ManagedObjects.session(child.kind(), object);
    boolean itsOwn =
        child.session().filter(session -> object.isControlledBy(session.uid())).isPresent();
    if (name.isEmpty()
        || itsOwn
        || isLeftAlone(object)
        || ManagedObjects.isHome(child.kind(), object)) {
      return Verdict.Keep.FOR_NOW;
    }
    Instant due =
        latest(object.creationTimestamp(), child.orphanSeen()).plus(rules.orphanGracePeriod());
    String uid = object.controller().map(owner -> " (" + owner.uid() + ")").orElse("");
    return now.isBefore(due)
        ? Verdict.Keep.until(due)
        : new Verdict.Orphan(
            ReapReason.ORPHAN, due, "its session " + name.get() + uid + " is gone");
  }

  private static Verdict home(Candidate.Home home, Instant now, RetentionConfig rules) {
    ObjectMeta claim = home.claim();
    if (!ManagedObjects.isHome(ResourceType.PERSISTENT_VOLUME_CLAIM, claim) || isLeftAlone(claim)) {
      return Verdict.Keep.FOR_NOW;
    }
    Optional<Instant> released =
        claim.annotation(Annotations.RELEASED_AT).flatMap(ReapPolicy::instant);
    if (home.session().filter(session -> ManagedObjects.isHomeOf(claim, session)).isPresent()) {
      return released.isPresent() ? new Verdict.Note(Optional.empty()) : Verdict.Keep.FOR_NOW;
    }
    if (released.isEmpty()) {
      return new Verdict.Note(Optional.of(now));
    }
    if (rules.homeRetention().isZero()) {
      return Verdict.Keep.FOR_NOW;
    }
    Instant due = released.get().plus(rules.homeRetention());
    return now.isBefore(due)
        ? Verdict.Keep.until(due)
        : new Verdict.Orphan(
            ReapReason.HOME_RETENTION, due, "no session has had it since " + released.get());
  }

  private static boolean isLeftAlone(ObjectMeta object) {
    return object.isDeleting() || ManagedObjects.isKept(object);
  }

  private static Instant latest(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private static Optional<Instant> instant(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
