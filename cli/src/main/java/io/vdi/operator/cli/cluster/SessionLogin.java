package io.vdi.operator.cli.cluster;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** What a desktop asks for before it shows anything. */
public record SessionLogin(String user, String password) {
  /**
   * The one that the operator made for a session.
   *
   * @throws CliException where there is none yet, or this caller may not see it
   */
  public static SessionLogin of(
      ClusterAccess cluster, VdiSession session, Optional<VdiTemplate> template) {
    String user =
        template.stream()
            .flatMap(found -> found.spec().env().stream())
            .filter(variable -> variable.name().equals(DesktopCredentials.USER_VARIABLE))
            .map(VdiTemplate.EnvVar::value)
            .findFirst()
            .orElse(DesktopCredentials.DEFAULT_USER);
    return new SessionLogin(
        user,
        secret(cluster, session, DesktopCredentials.PASSWORD_KEY)
            .orElseThrow(() -> new CliException(404, "the session has no password yet")));
  }

  /** A value of a session's Secret. */
  public static Optional<String> secret(ClusterAccess cluster, VdiSession session, String key) {
    return cluster
        .get(ResourceType.SECRET.path(session.namespace(), ResourceNames.secret(session.name())))
        .map(secret -> Json.text(secret, "data", key))
        .filter(value -> !value.isEmpty())
        .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8));
  }
}
