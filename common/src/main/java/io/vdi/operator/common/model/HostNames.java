package io.vdi.operator.common.model;

import java.util.Locale;

/** The first label of a session's host name; docs/specification.md, section 2. */
public final class HostNames {
  private static final int MAX_LABEL = 63;

  private HostNames() {}

  /**
   * The host of a user's first session: the local part of the e-mail in lower case. Characters
   * outside {@code [a-z0-9-]} become {@code -}, hyphens at the ends are removed, and the result has
   * at most 63 characters. When nothing remains ({@code +@example.com}) it is {@code user}.
   *
   * <p>Hyphens that begin at the third character become one: labels with {@code --} there are
   * reserved (RFC 5891), and a browser shows {@code xn--…} as the characters that it encodes.
   */
  public static String preferred(String email) {
    int at = email.lastIndexOf('@');
    String local = (at < 0 ? email : email.substring(0, at)).toLowerCase(Locale.ROOT);
    StringBuilder label = new StringBuilder();
    local.codePoints().forEach(c -> label.append(isLegal(c) ? Character.toString(c) : "-"));
    String trimmed = Labels.trim(label.toString(), "-");
    String host = cut(trimmed.replaceFirst("^(..)--+", "$1-"), MAX_LABEL);
    return host.isEmpty() ? "user" : host;
  }

  /**
   * The host of a further session with the same local part: {@code <user>-<hash of
   * namespace/name>}.
   */
  public static String distinct(String email, String namespace, String name, int hashLength) {
    String hash = Hashes.sha256(namespace + "/" + name, hashLength);
    return cut(preferred(email), MAX_LABEL - 1 - hashLength) + "-" + hash;
  }

  private static String cut(String label, int max) {
    String trimmed = Labels.trim(label, "-");
    return trimmed.length() <= max ? trimmed : Labels.trim(trimmed.substring(0, max), "-");
  }

  private static boolean isLegal(int c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  }
}
