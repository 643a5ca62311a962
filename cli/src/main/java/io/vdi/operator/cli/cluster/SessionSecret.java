package io.vdi.operator.cli.cluster;

import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Optional;

/** The Secret that the controller creates for each session; docs/specification.md, section 2. */
public final class SessionSecret {
  private SessionSecret() {}

  /**
   * The user name and password of a session's desktop.
   *
   * @param template empty if it is deleted
   * @throws CliException if the Secret has no password yet, or the caller may not read it
   */
  public static DesktopCredentials credentials(
      ClusterAccess cluster, VdiSession session, Optional<VdiTemplate> template) {
    return get(cluster, session)
        .flatMap(secret -> DesktopCredentials.of(template, secret))
        .orElseThrow(() -> new CliException.Failed("the session has no password yet"));
  }

  /** The decoded value of one key; empty if the Secret or the key does not exist. */
  public static Optional<String> value(ClusterAccess cluster, VdiSession session, String key) {
    return get(cluster, session).flatMap(secret -> DesktopCredentials.decode(secret, key));
  }

  private static Optional<JsonObject> get(ClusterAccess cluster, VdiSession session) {
    try {
      return cluster.get(
          ResourceType.SECRET.path(session.namespace(), ResourceNames.secret(session.name())));
    } catch (CliException.ApiRejected e) {
      throw e.isForbidden()
          ? new CliException.ApiRejected(403, forbidden(session, e.getMessage()))
          : e;
    }
  }

  /** The controller gives the session's user this permission, and reports if it cannot. */
  private static String forbidden(VdiSession session, String message) {
    return session
        .status()
        .condition(Condition.ACCESS_READY)
        .map(access -> message + "; the controller gave no access: " + access.message())
        .orElse(
            message
                + "; only "
                + session.spec().user()
                + " gets access to this Secret: identity.prefix and identity.users must name your"
                + " Kubernetes user, and access.sessionRoles must be true");
  }
}
