package io.vdi.operator.common.identity;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which e-mail address a Kubernetes user has, and which users have an e-mail address;
 * docs/specification.md, section 4. Admission webhook and controller must agree, so both use this
 * class and the same settings {@code identity.*}.
 *
 * @param emails e-mail addresses by user name; checked first
 * @param extraKey key of the user's {@code extra} that contains the e-mail address; checked second;
 *     empty: none
 * @param prefix removed from the user name, such as {@code oidc:}; checked third; empty: none
 */
public record IdentityMapping(Map<String, String> emails, String extraKey, String prefix) {
  /** User names with this prefix are those of service accounts and of Kubernetes itself. */
  private static final String SYSTEM = "system:";

  public IdentityMapping {
    emails = Map.copyOf(emails);
  }

  /**
   * The text that identifies the user; the caller checks that it is an e-mail address.
   *
   * @param extra of the user, by key
   */
  public String email(String userName, Map<String, List<String>> extra) {
    Optional<String> fromExtra =
        extraKey.isEmpty()
            ? Optional.empty()
            : extra.getOrDefault(extraKey, List.of()).stream().findFirst();
    return Optional.ofNullable(emails.get(userName)).or(() -> fromExtra).orElse(byName(userName));
  }

  private String byName(String userName) {
    return !prefix.isEmpty() && userName.startsWith(prefix)
        ? userName.substring(prefix.length())
        : userName;
  }

  /**
   * The names by which the API server knows the user with this e-mail address, in a fixed order:
   * those of {@code identity.users}, then the prefix with the e-mail address, as written and in
   * lower case, because user names are case-sensitive and e-mail addresses are not. For each of
   * them, {@link #email} returns this e-mail address.
   *
   * <p>With an {@code extraKey} a user name does not determine the e-mail address, so only the
   * names of {@code identity.users} are known. Names of service accounts are left out.
   *
   * @return empty if no name is known
   */
  public List<String> userNames(String email) {
    Set<String> names = new LinkedHashSet<>();
    emails.entrySet().stream()
        .filter(entry -> isSame(entry.getValue(), email))
        .map(Map.Entry::getKey)
        .sorted()
        .forEach(names::add);
    if (extraKey.isEmpty()) {
      names.add(prefix + email);
      names.add(prefix + email.toLowerCase(Locale.ROOT));
    }
    return names.stream()
        .filter(name -> !name.startsWith(SYSTEM))
        // The administrator may have mapped the name to another e-mail address.
        .filter(name -> isSame(email(name, Map.of()), email))
        .toList();
  }

  /** Whether both are the same e-mail address, by {@link EmailAddress#key}. */
  public static boolean isSame(String a, String b) {
    return EmailAddress.key(a).equals(EmailAddress.key(b));
  }
}
