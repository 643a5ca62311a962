package io.vdi.operator.common.identity;

import java.util.Optional;
import java.util.Set;

/**
 * Who the callers are: maps Kubernetes users to e-mail addresses, and knows the admins and the
 * operator's own accounts; docs/specification.md, section 4.
 *
 * @param adminGroups groups whose members can create and change all sessions
 * @param exemptUsers the operator's own service accounts; treated as admins, and the only ones that
 *     write a status
 * @param mapping the e-mail addresses of the callers
 */
public record Identity(
    Mode mode, Set<String> adminGroups, Set<String> exemptUsers, IdentityMapping mapping) {

  /** What happens to a request for the session of another user. */
  public enum Mode {
    /** It is denied. */
    ENFORCE,
    /** It is allowed with a warning. */
    WARN,
    /** The user of a session is not compared with the caller. */
    OFF
  }

  /**
   * The controllers of Kubernetes that delete sessions with their owner or namespace, each with its
   * own account or all with that of the controller manager. They may delete, and change finalizers
   * and owners.
   */
  public static final Set<String> SYSTEM_CONTROLLERS =
      Set.of(
          "system:serviceaccount:kube-system:generic-garbage-collector",
          "system:serviceaccount:kube-system:namespace-controller",
          "system:kube-controller-manager");

  /** Whether the caller is an admin by configuration; RBAC can make it one as well. */
  public boolean isAdmin(Caller caller) {
    return isOperator(caller) || caller.groups().stream().anyMatch(adminGroups::contains);
  }

  public boolean isOperator(Caller caller) {
    return exemptUsers.contains(caller.username());
  }

  /** The caller's e-mail address; empty if no rule yields one. */
  public Optional<String> email(Caller caller) {
    return Optional.of(mapping.email(caller.username(), caller.extra()))
        .filter(EmailAddress::isValid);
  }

  /** Whether a session of this user is the caller's own. */
  public boolean isOwn(Caller caller, String user) {
    return email(caller).filter(own -> IdentityMapping.isSame(own, user)).isPresent();
  }
}
