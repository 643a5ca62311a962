package io.vdi.operator.cli.cluster;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** What a desktop asks for before it shows anything. */
public record Login(String user, String password) {
  /**
   * The one that the operator made for a session.
   *
   * @throws NotSeen where there is none yet, or this caller may not see it
   */
  public static Login of(Cluster cluster, VdiSession session, Optional<VdiTemplate> template) {
    String user =
        template.stream()
            .flatMap(found -> found.spec().env().stream())
            .filter(variable -> variable.name().equals(Names.DESKTOP_USER_VARIABLE))
            .map(VdiTemplate.EnvVar::value)
            .findFirst()
            .orElse(Names.DESKTOP_USER);
    return new Login(
        user,
        secret(cluster, session, Names.PASSWORD_KEY)
            .orElseThrow(() -> new NotSeen(404, "the session has no password yet")));
  }

  /** A value of a session's Secret. */
  public static Optional<String> secret(Cluster cluster, VdiSession session, String key) {
    return cluster
        .get(Kind.SECRET.path(session.namespace(), Names.secret(session.name())))
        .map(secret -> Json.text(secret, "data", key))
        .filter(value -> !value.isEmpty())
        .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8));
  }
}
