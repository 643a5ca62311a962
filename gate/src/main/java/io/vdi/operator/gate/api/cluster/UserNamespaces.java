package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.Hashes;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Pure: in which namespace a user's sessions are created. One namespace for all users, such as
 * {@code desktops}, or one for each user, such as {@code vdi-{user}}.
 */
public final class UserNamespaces {
  /** One namespace for all users. */
  public static final UserNamespaces DEFAULT = new UserNamespaces("desktops");

  private static final String PLACEHOLDER = "{user}";

  /** The most characters of the name of a namespace. */
  private static final int MAX_LENGTH = 63;

  private static final int HASH_LENGTH = 8;

  /** The pattern keeps room for some characters of the user and a hash. */
  private static final int MAX_PATTERN = 40;

  private final String pattern;

  private UserNamespaces(String pattern) {
    this.pattern = pattern;
  }

  /** Empty if the text is neither the name of a namespace nor a pattern for such names. */
  public static Optional<UserNamespaces> parse(String text) {
    String sample = text.replace(PLACEHOLDER, "u");
    boolean once = text.indexOf(PLACEHOLDER) == text.lastIndexOf(PLACEHOLDER);
    boolean legal = sample.matches("[a-z]([a-z0-9-]*[a-z0-9])?");
    boolean fits = sample.length() <= (sample.equals(text) ? MAX_LENGTH : MAX_PATTERN);
    return once && legal && fits ? Optional.of(new UserNamespaces(text)) : Optional.empty();
  }

  /** Whether each user has an own namespace. */
  public boolean isPerUser() {
    return pattern.contains(PLACEHOLDER);
  }

  /**
   * The names for a user, in the order in which they are tried. Two addresses can have the same
   * first name ({@code a.b@c.de}, {@code a-b@c.de}); then the second user gets a name with a hash.
   */
  public List<String> candidates(String email) {
    if (!isPerUser()) {
      return List.of(pattern);
    }
    String label = label(email);
    String hash = Hashes.sha256(EmailAddress.key(email), HASH_LENGTH);
    return label.isEmpty() ? List.of(name(hash)) : List.of(name(label), name(label, hash));
  }

  private String name(String user) {
    return name(user, "");
  }

  private String name(String user, String hash) {
    String end = hash.isEmpty() ? "" : "-" + hash;
    int room = MAX_LENGTH - (pattern.length() - PLACEHOLDER.length()) - end.length();
    String shortened = user.length() <= room ? user : user.substring(0, room);
    return pattern.replace(PLACEHOLDER, trimEnd(shortened) + end);
  }

  private static String label(String email) {
    String text = email.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return trimEnd(text.startsWith("-") ? text.substring(1) : text);
  }

  private static String trimEnd(String text) {
    return text.endsWith("-") ? text.substring(0, text.length() - 1) : text;
  }

  /** The pattern. */
  @Override
  public String toString() {
    return pattern;
  }
}
