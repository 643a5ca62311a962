package io.vdi.operator.common.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Names, labels and annotations of what a session becomes, spec.md section 2. */
public final class Names {
  public static final String GROUP = "vdi.kasm.io";
  public static final String USER = "vdi.kasm.io/user";
  public static final String HOST = "vdi.kasm.io/host";

  /** Hash of the desired object as it was last written; the same hash means nothing to do. */
  public static final String DESIRED_HASH = "vdi.kasm.io/desired-hash";

  /** Who made the session, as Kubernetes knows them; spec.md section 4. */
  public static final String CREATED_BY = "vdi.kasm.io/created-by";

  /** Names the reservation by which the session was admitted; the webhook's own. */
  public static final String RESERVATION = "vdi.kasm.io/reservation";

  /** {@code "true"} on any object: the reaper leaves it alone. */
  public static final String KEEP = "vdi.kasm.io/keep";

  /** On a home with Retain: the UID of the session that has it, or had it last. */
  public static final String SESSION_UID = "vdi.kasm.io/session-uid";

  /** On a retained home: since when no session has it. */
  public static final String RELEASED_AT = "vdi.kasm.io/released-at";

  public static final String TURN_EXPIRES = "vdi.kasm.io/turn-expires";
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  public static final String APP = "app.kubernetes.io/name";
  public static final String SESSION_APP = "vdi-session";
  public static final String INSTANCE = "app.kubernetes.io/instance";
  public static final String OPERATOR = "vdi-operator";

  /** Selects everything that the operator has made. */
  public static final String MANAGED_SELECTOR = MANAGED_BY + "=" + OPERATOR;

  /** The user name that desktops ask for, beside the password in the session's Secret. */
  public static final String DESKTOP_USER = "ubuntu";

  /** The key of the password in the session's Secret. */
  public static final String PASSWORD_KEY = "password";

  /** The variable by which Selkies is told the user name; a template may set another. */
  public static final String DESKTOP_USER_VARIABLE = "SELKIES_BASIC_AUTH_USER";

  private static final int MAX_LABEL = 63;

  private Names() {}

  public static String secret(String session) {
    return "vdi-auth-" + session;
  }

  public static String volumeClaim(String session) {
    return "vdi-data-" + session;
  }

  /** The labels on every object of a session. */
  public static Map<String, String> labels(String session, String user) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put(APP, SESSION_APP);
    labels.put(INSTANCE, session);
    labels.put(MANAGED_BY, OPERATOR);
    labels.put(USER, labelValue(user));
    return labels;
  }

  /**
   * The e-mail as a legal label value: characters outside {@code [A-Za-z0-9._-]} become {@code -},
   * the ends are trimmed to letters and digits, and what is longer than 63 keeps its first 54 and a
   * hash. Two e-mails may share a label; the annotation of the same key holds the exact one.
   */
  public static String labelValue(String email) {
    String value =
        trim(email.toLowerCase(Locale.ROOT).replaceAll("[^\\x00-\\x7F]|[^a-z0-9._-]", "-"), "-._");
    if (value.isEmpty()) {
      return hash(email, 8);
    }
    return value.length() <= MAX_LABEL
        ? value
        : trim(value.substring(0, MAX_LABEL - 9), "-._") + "-" + hash(email, 8);
  }

  /** The first {@code length} hex digits of the SHA-256 of the text. */
  public static String hash(String text, int length) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, length);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

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
