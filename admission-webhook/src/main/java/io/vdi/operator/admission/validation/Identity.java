package io.vdi.operator.admission.validation;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which e-mail belongs to a Kubernetes user, and what follows from it, spec.md section 4.
 *
 * @param adminGroups whose members may make and change anybody's sessions
 * @param exemptUsers the operator's own service accounts
 * @param table e-mails by user name; looked at first
 * @param extraKey the e-mail stands in this key of the user's {@code extra}; empty: nowhere
 * @param prefix taken off the user name, such as {@code oidc:}; empty: none
 */
public record Identity(
    Mode mode,
    Set<String> adminGroups,
    Set<String> exemptUsers,
    Map<String, String> table,
    String extraKey,
    String prefix) {

  /** What becomes of a session for somebody else. */
  public enum Mode {
    ENFORCE,
    WARN,
    OFF
  }

  boolean isFree(AdmissionRequest.Caller caller) {
    return mode == Mode.OFF
        || exemptUsers.contains(caller.username())
        || caller.groups().stream().anyMatch(adminGroups::contains);
  }

  /** The caller's e-mail, by the first rule that gives one. */
  Optional<String> email(AdmissionRequest.Caller caller) {
    String name = caller.username();
    Optional<String> extra =
        extraKey.isEmpty()
            ? Optional.empty()
            : caller.extra().getOrDefault(extraKey, List.of()).stream().findFirst();
    return Optional.ofNullable(table.get(name))
        .or(() -> extra)
        .or(() ->
            !prefix.isEmpty() && name.startsWith(prefix)
                ? Optional.of(name.substring(prefix.length()))
                : Optional.empty())
        .or(() -> Optional.of(name))
        .filter(text -> SessionRules.EMAIL.matcher(text).matches());
  }

  /** Why this caller may not touch a session of this user; empty where they may. */
  Optional<String> objection(AdmissionRequest.Caller caller, String user) {
    if (isFree(caller)) {
      return Optional.empty();
    }
    Optional<String> email = email(caller);
    if (email
        .filter(own -> own.toLowerCase(Locale.ROOT).equals(user.toLowerCase(Locale.ROOT)))
        .isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        "spec.user \"%s\": %s may only make and change sessions of %s; ask an admin, or use your own"
            .formatted(
                user,
                caller.username(),
                email.map(own -> "its own e-mail " + own).orElse("its own e-mail, and has none")));
  }
}
