package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.GpuRequest;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;

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
      case GPU_CLAIM -> devices().isPresent();
      case SECRET, SERVICE, POD -> true;
      case ROLE, ROLE_BINDING -> !userNames().isEmpty();
    };
  }

  /** The devices that its claim requests; empty if it has no claim. */
  Optional<GpuRequest.DeviceClass> devices() {
    return spec.gpu() > 0 && template.gpu().request() instanceof GpuRequest.DeviceClass devices
        ? Optional.of(devices)
        : Optional.empty();
  }

  /** The Kubernetes users that get access to the Secret of the session. */
  List<String> userNames() {
    return config.userNames(session);
  }

  boolean usesWebRtc() {
    return template.transport() != null && template.transport().usesWebRtc();
  }
}
