package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.model.SessionKey;
import java.util.regex.Pattern;

/**
 * Names from requests, before they become a part of a path of the API server: another character
 * could lead to another object.
 */
final class ObjectNames {
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

  private ObjectNames() {}

  static boolean isNamespace(String text) {
    return NAMESPACE.matcher(text).matches();
  }

  static boolean isLegal(SessionKey key) {
    return isNamespace(key.namespace()) && NAME.matcher(key.name()).matches();
  }
}
