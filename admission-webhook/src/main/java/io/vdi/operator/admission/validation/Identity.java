package io.vdi.operator.admission.validation;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Maps Kubernetes users to e-mail addresses and checks that a user only creates and changes its own
 * sessions; docs/specification.md, section 4.
 *
 * @param adminGroups groups whose members can create and change all sessions
 * @param exemptUsers the operator's own service accounts; treated as admins
 * @param emails e-mail addresses by user name; checked first
 * @param extraKey key of the user's {@code extra} that contains the e-mail address; checked second;
 *     empty: none
 * @param prefix removed from the user name, such as {@code oidc:}; checked third; empty: none
 */
public record Identity(
    Mode mode,
    Set<String> adminGroups,
    Set<String> exemptUsers,
    Map<String, String> emails,
    String extraKey,
    String prefix) {

  /** What happens to a request for the session of another user. */
  public enum Mode {
    /** It is denied. */
    ENFORCE,
    /** It is allowed with a warning. */
    WARN,
    /** Identity is not checked. */
    OFF
  }

  boolean isAdmin(AdmissionRequest.Caller caller) {
    return mode == Mode.OFF
        || exemptUsers.contains(caller.username())
        || caller.groups().stream().anyMatch(adminGroups::contains);
  }

  /** The caller's e-mail address; empty if no rule yields one. */
  Optional<String> email(AdmissionRequest.Caller caller) {
    String name = caller.username();
    Optional<String> extra =
        extraKey.isEmpty()
            ? Optional.empty()
            : caller.extra().getOrDefault(extraKey, List.of()).stream().findFirst();
    return Optional.ofNullable(emails.get(name))
        .or(() -> extra)
        .or(() ->
            !prefix.isEmpty() && name.startsWith(prefix)
                ? Optional.of(name.substring(prefix.length()))
                : Optional.empty())
        .or(() -> Optional.of(name))
        .filter(text -> SessionRules.EMAIL.matcher(text).matches());
  }

  /** Why this caller cannot create or change a session of this user; empty if it can. */
  Optional<String> violation(AdmissionRequest.Caller caller, String user) {
    if (isAdmin(caller)) {
      return Optional.empty();
    }
    Optional<String> email = email(caller);
    if (email
        .filter(own -> own.toLowerCase(Locale.ROOT).equals(user.toLowerCase(Locale.ROOT)))
        .isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        "spec.user \"%s\": %s may only create and change sessions of %s; ask an admin, or use your own"
            .formatted(
                user,
                caller.username(),
                email.map(own -> "its own e-mail " + own).orElse("its own e-mail, and has none")));
  }
}
