package io.vdi.operator.common.model;

/** Names of a session's objects; docs/specification.md, section 2. */
public final class ResourceNames {
  private ResourceNames() {}

  /** The Secret with the password and TURN credentials. */
  public static String secret(String session) {
    return "vdi-auth-" + session;
  }

  /** The PersistentVolumeClaim of the home. */
  public static String persistentVolumeClaim(String session) {
    return "vdi-data-" + session;
  }
}
