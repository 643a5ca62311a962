package io.vdi.operator.admission.validation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.VdiSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What one caller may do to a session, to its metadata and to its status; docs/specification.md,
 * section 4. The values of the session are checked elsewhere.
 */
final class SessionAccess {
  /** Keys with this prefix steer the operator, such as {@code vdi.kasm.io/keep}. */
  private static final String RESERVED_PREFIX = VdiSession.GROUP + "/";

  private static final int MAX_KEYS = 20;

  /** How a refused caller becomes an admin. */
  private static final String ADMINS =
      "a member of identity.adminGroups, or a user with the RBAC verb manage on"
          + " vdisessions.vdi.kasm.io in namespace ";

  private final AdmissionRequest request;
  private final AdmissionPolicy policy;
  private final Identity identity;
  private final boolean admin;

  /**
   * @param callerManages whether RBAC allows the caller the verb manage
   */
  SessionAccess(AdmissionRequest request, AdmissionPolicy policy, boolean callerManages) {
    this.request = request;
    this.policy = policy;
    this.identity = policy.identity();
    this.admin = callerManages || identity.isAdmin(request.caller());
  }

  /** Why the caller may not create this session; one message for each reason. */
  List<String> ofCreate(RawObject session) {
    return admin ? List.of() : metadataViolations(session, Optional.empty(), true);
  }

  /**
   * Why the caller may not change the metadata of this session like this.
   *
   * @param templateExists the mutating webhook then removes the annotation {@code unchecked}
   */
  List<String> ofUpdate(RawObject session, RawObject old, boolean templateExists) {
    return admin ? List.of() : metadataViolations(session, Optional.of(old), templateExists);
  }

  /**
   * Why the caller may not create, change or delete sessions of these users; empty if it may.
   *
   * @param users of the session before and after the request
   */
  Optional<String> identityViolation(List<String> users) {
    if (admin || identity.mode() == Identity.Mode.OFF) {
      return Optional.empty();
    }
    return users.stream()
        .filter(user -> !identity.isOwn(request.caller(), user))
        .findFirst()
        .map(user ->
            "spec.user \"%s\": %s may only %s sessions of %s; use your own, or ask an admin: %s%s"
                .formatted(
                    ShortText.of(user),
                    ShortText.of(request.caller().username()),
                    request.operation().equals("DELETE") ? "delete" : "create and change",
                    identity
                        .email(request.caller())
                        .map(own -> "its own e-mail " + own)
                        .orElse("its own e-mail, and has none"),
                    ADMINS,
                    request.namespace()));
  }

  /**
   * Whether the request is the part of a deletion that Kubernetes' own controllers do: they delete,
   * and change finalizers and owners.
   */
  boolean isCleanup(RawObject session, RawObject old) {
    return Identity.SYSTEM_CONTROLLERS.contains(request.caller().username())
        && session.spec().equals(old.spec())
        && session.labels().equals(old.labels())
        && session.annotations().equals(old.annotations());
  }

  /** Whether the caller may delete every session. */
  boolean isCollector() {
    return Identity.SYSTEM_CONTROLLERS.contains(request.caller().username());
  }

  /** Only the operator knows the state of a session, and quotas and the reaper rely on it. */
  static Response ofStatus(AdmissionRequest request, Identity identity) {
    return identity.isOperator(request.caller())
        ? Response.Allow.unchanged(List.of())
        : new Response.Deny(
            Response.Reason.FORBIDDEN,
            "status: %s may not write the status of a %s; only the accounts of the operator may (identity.operatorAccounts)"
                .formatted(ShortText.of(request.caller().username()), request.kind()),
            List.of());
  }

  private boolean isOwn(RawObject session) {
    return identity.isOwn(request.caller(), session.user());
  }

  /**
   * The groups that the mutating webhook records with a new session. Only the user's own request
   * says what the user's groups are. Another caller keeps what it sends, such as the annotation of
   * a backup; if it is not an admin, the validating webhook refuses that.
   */
  static Optional<String> recordedGroups(
      AdmissionRequest request, RawObject session, AdmissionPolicy policy) {
    return policy.identity().isOwn(request.caller(), session.user())
        ? policy.groups().of(request.caller().groups())
        : session.annotation(Annotations.GROUPS);
  }

  private List<String> metadataViolations(
      RawObject session, Optional<RawObject> old, boolean templateExists) {
    List<String> violations = new ArrayList<>();
    reserved(
        violations,
        "labels",
        session.labels(),
        old.map(RawObject::labels).orElseGet(JsonObject::new));
    reserved(
        violations,
        "annotations",
        withoutOwn(session, old, templateExists),
        old.map(before -> withoutOwn(before, old, templateExists)).orElseGet(JsonObject::new));
    JsonElement owners = session.ownerReferences();
    if (!owners.equals(old.map(RawObject::ownerReferences).orElse(RawObject.NO_OWNERS))) {
      violations.add(
          "metadata.ownerReferences: only admins change them, because the garbage collector deletes a session with its owners: leave them unchanged, or ask an admin: "
              + ADMINS
              + request.namespace());
    }
    return violations;
  }

  private void reserved(List<String> violations, String field, JsonObject now, JsonObject before) {
    Stream.concat(now.keySet().stream(), before.keySet().stream())
        .filter(key -> key.startsWith(RESERVED_PREFIX))
        .filter(key -> !Objects.equals(now.get(key), before.get(key)))
        .distinct()
        // An object can have tens of thousands of keys, and one is a reason.
        .limit(MAX_KEYS)
        .forEach(key ->
            violations.add(
                "metadata.%s[%s] %s: only admins and the operator set or change it: leave it unchanged, or ask an admin: %s%s"
                    .formatted(
                        field,
                        ShortText.of(key),
                        ShortText.of(Objects.toString(now.get(key), "removed")),
                        ADMINS,
                        request.namespace())));
  }

  /**
   * The annotations without those that the mutating webhook sets for every caller. It runs before
   * this check and replaces what the caller has sent, except on sessions that are being deleted.
   */
  private JsonObject withoutOwn(
      RawObject session, Optional<RawObject> old, boolean templateExists) {
    JsonObject annotations = session.annotations().deepCopy();
    if (old.isEmpty()) {
      session
          .annotation(Annotations.CREATED_BY)
          .filter(request.caller().username()::equals)
          .ifPresent(creator -> annotations.remove(Annotations.CREATED_BY));
      session
          .annotation(Annotations.GROUPS)
          .filter(groups ->
              recordedGroups(request, session, policy).equals(Optional.of(groups))
                  && isOwn(session))
          .ifPresent(groups -> annotations.remove(Annotations.GROUPS));
    }
    if (old.filter(RawObject::isDeleting).isEmpty()) {
      annotations.remove(Annotations.RESERVATION);
      if (templateExists) {
        annotations.remove(Annotations.UNCHECKED);
      }
    }
    return annotations;
  }
}
