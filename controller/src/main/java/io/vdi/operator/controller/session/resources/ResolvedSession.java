package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;

/**
 * The input of the builders: a session with its template, all defaults filled in.
 *
 * @param host the first label of the session's host
 */
public record ResolvedSession(
    VdiSession session,
    VdiTemplate.Spec template,
    Defaults.EffectiveSpec spec,
    String host,
    SessionConfig config) {

  public String name() {
    return session.name();
  }

  public String fullHost() {
    return host + "." + config.domain();
  }

  /** Whether the session has an object of this kind. */
  boolean has(ChildKind kind) {
    return switch (kind) {
      case HOME -> spec.persistent();
      case ROUTE -> config.ingress().kind() != SessionConfig.IngressKind.NONE;
      case SECRET, SERVICE, POD -> true;
      case ROLE, ROLE_BINDING -> !userNames().isEmpty();
    };
  }

  /** The Kubernetes users that get access to the Secret of the session. */
  List<String> userNames() {
    return config.userNames(session);
  }

  boolean usesWebRtc() {
    return template.transport() != null && template.transport().usesWebRtc();
  }
}
