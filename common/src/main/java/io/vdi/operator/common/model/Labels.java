package io.vdi.operator.common.model;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Labels on every object of a session; docs/specification.md, section 2. */
public final class Labels {
  public static final String NAME = "app.kubernetes.io/name";
  public static final String INSTANCE = "app.kubernetes.io/instance";
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";

  /** The e-mail as a legal label value; {@link Annotations#USER} has the exact e-mail. */
  public static final String USER = "vdi.kasm.io/user";

  /** On pods and NetworkPolicies: the name of the template, as {@link #valueOf} writes it. */
  public static final String TEMPLATE = "vdi.kasm.io/template";

  /**
   * On a VDIUsage: {@link VdiUsage#OPEN}, or the month in which the interval ended, in UTC, such as
   * {@code 2026-11}.
   */
  public static final String USAGE = "vdi.kasm.io/usage";

  /** Value of {@link #NAME}. */
  public static final String SESSION = "vdi-session";

  /** Value of {@link #MANAGED_BY}. */
  public static final String OPERATOR = "vdi-operator";

  /** Selects every object that the operator created. */
  public static final String MANAGED_SELECTOR = MANAGED_BY + "=" + OPERATOR;

  private static final int MAX_LENGTH = 63;
  private static final int HASH_LENGTH = 8;

  private Labels() {}

  /** The four labels of every object of a session. */
  public static Map<String, String> ofSession(String session, String user) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put(NAME, SESSION);
    labels.put(INSTANCE, session);
    labels.put(MANAGED_BY, OPERATOR);
    labels.put(USER, valueOf(user));
    return labels;
  }

  /**
   * An e-mail, or the name of a template, as a legal label value. Characters outside {@code
   * [A-Za-z0-9._-]} become {@code -}, and leading and trailing punctuation is removed. A value
   * longer than 63 characters keeps its first 54 and gets a hash. Two e-mails may share a label
   * value; {@link Annotations#USER} has the exact e-mail.
   */
  public static String valueOf(String email) {
    String value =
        trim(email.toLowerCase(Locale.ROOT).replaceAll("[^\\x00-\\x7F]|[^a-z0-9._-]", "-"), "-._");
    if (value.isEmpty()) {
      return Hashes.sha256(email, HASH_LENGTH);
    }
    return value.length() <= MAX_LENGTH
        ? value
        : trim(value.substring(0, MAX_LENGTH - HASH_LENGTH - 1), "-._")
            + "-"
            + Hashes.sha256(email, HASH_LENGTH);
  }

  /** Removes the given characters from both ends. */
  static String trim(String text, String ends) {
    int from = 0;
    int to = text.length();
    while (from < to && ends.indexOf(text.charAt(from)) >= 0) {
      from++;
    }
    while (to > from && ends.indexOf(text.charAt(to - 1)) >= 0) {
      to--;
    }
    return text.substring(from, to);
  }
}
