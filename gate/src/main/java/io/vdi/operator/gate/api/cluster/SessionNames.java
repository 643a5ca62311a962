package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.model.ResourceNames;
import java.security.SecureRandom;
import java.util.Locale;

/** Names of new sessions, such as {@code blender-x7k2q}. */
final class SessionNames {
  /** Without vowels, so that no word appears. */
  private static final String LETTERS = "bcdfghjkmnpqrstvwxz23456789";

  private static final int SUFFIX = 5;

  /** A session has at most 63 characters. */
  private static final int MAX_BASE = 40;

  private static final int ATTEMPTS = 10;

  private final SecureRandom random = new SecureRandom();

  /**
   * A name that no session and no retained home in the namespace has, as far as the caches know: a
   * new session must not take over a home by accident.
   */
  String next(String template, String namespace, DesktopCaches caches) {
    String name = candidate(template);
    for (int attempt = 0; attempt < ATTEMPTS && isTaken(namespace, name, caches); attempt++) {
      name = candidate(template);
    }
    return name;
  }

  private static boolean isTaken(String namespace, String name, DesktopCaches caches) {
    return caches.sessions().get(namespace, name).isPresent()
        || caches.homes().get(namespace, ResourceNames.persistentVolumeClaim(name)).isPresent();
  }

  private String candidate(String template) {
    String base = template.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    base = base.length() <= MAX_BASE ? base : base.substring(0, MAX_BASE);
    base = base.isEmpty() || base.charAt(0) < 'a' ? "desktop-" + base : base;
    StringBuilder name = new StringBuilder(base).append(base.endsWith("-") ? "" : "-");
    for (int i = 0; i < SUFFIX; i++) {
      name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return name.toString();
  }
}
