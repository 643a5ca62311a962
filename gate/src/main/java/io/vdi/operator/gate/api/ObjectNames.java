package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.SessionKey;
import java.util.regex.Pattern;

/**
 * Names from requests, before they become a part of a path of the API server: another character
 * could lead to another object.
 */
public final class ObjectNames {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern SUBDOMAIN = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

  private ObjectNames() {}

  /** Whether a namespace, or in the portal also a session or a home, can have this name. */
  public static boolean isLabel(String text) {
    return LABEL.matcher(text).matches();
  }

  /** Whether any other object can have this name. */
  public static boolean isSubdomain(String text) {
    return SUBDOMAIN.matcher(text).matches();
  }

  public static boolean isLegal(SessionKey key) {
    return isLabel(key.namespace()) && isSubdomain(key.name());
  }
}
