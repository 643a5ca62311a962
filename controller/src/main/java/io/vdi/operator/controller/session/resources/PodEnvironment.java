package io.vdi.operator.controller.session.resources;

import io.kubernetes.client.openapi.models.V1ConfigMapKeySelector;
import io.kubernetes.client.openapi.models.V1EnvVar;
import io.kubernetes.client.openapi.models.V1EnvVarSource;
import io.kubernetes.client.openapi.models.V1SecretKeySelector;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.DesktopServer;
import io.vdi.operator.common.model.Transport;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The environment of the desktop: the variables of the operator, then those of the template, which
 * replace variables of the same name.
 */
final class PodEnvironment {
  /** No TURN server runs here. Without a value, Selkies uses its default, a public TURN server. */
  private static final String NO_TURN_SERVER = "127.0.0.1";

  private final Map<String, V1EnvVar> variables = new LinkedHashMap<>();
  private final String secret;

  private PodEnvironment(ResolvedSession resolved) {
    this.secret = ChildKind.SECRET.nameFor(resolved.name());
  }

  static List<V1EnvVar> of(ResolvedSession resolved) {
    PodEnvironment env = new PodEnvironment(resolved);
    VdiTemplate.Spec template = resolved.template();
    DesktopServer server = template.server();
    server.variables().forEach(variable -> env.put(variable, template));
    if (server.streaming() == DesktopServer.Streaming.SELECTABLE) {
      env.transport(Optional.ofNullable(template.transport()));
    }
    if (resolved.usesWebRtc()) {
      env.turn(resolved.config().turn());
    }
    // The default capabilities of the NVIDIA container toolkit lack video and graphics. Without
    // "void" an NVIDIA base image would see every GPU of the node.
    if (resolved.spec().gpu() > 0) {
      env.put("NVIDIA_DRIVER_CAPABILITIES", "all");
    }
    // The container runtime adds the devices of a claim whatever this variable says.
    if (resolved.spec().gpu() == 0 || resolved.devices().isPresent()) {
      env.put("NVIDIA_VISIBLE_DEVICES", "void");
    }
    for (VdiTemplate.EnvVar variable : template.env()) {
      env.variables.remove(variable.name());
      if (variable.valueFrom() == null) {
        env.put(variable.name(), variable.value());
      } else {
        env.variables.put(
            variable.name(),
            new V1EnvVar().name(variable.name()).valueFrom(source(variable.valueFrom())));
      }
    }
    return new ArrayList<>(env.variables.values());
  }

  private void put(DesktopServer.Variable variable, VdiTemplate.Spec template) {
    String name = variable.name();
    switch (variable.source()) {
      case DesktopServer.Setting.ENCODER -> put(name, template.encoder());
      case DesktopServer.Setting.PASSWORD -> putSecret(name, DesktopCredentials.PASSWORD_KEY);
      case DesktopServer.Setting.VIEWER_PASSWORD -> putViewerPassword(name);
      case DesktopServer.Setting.PORT -> put(name, String.valueOf(template.port()));
      case DesktopServer.Setting.USER -> put(name, template.server().user());
      case DesktopServer.Fixed(String value) -> put(name, value);
      case DesktopServer.Default(String value) -> put(name, value);
    }
  }

  /**
   * By default Selkies lets its users switch to WebRTC, which uses a public TURN server. So the
   * switch is off unless the transport of the template is dual.
   */
  private void transport(Optional<Transport> transport) {
    transport
        .filter(mode -> mode != Transport.DUAL)
        .ifPresent(mode -> put("SELKIES_MODE", mode.name().toLowerCase(Locale.ROOT)));
    put(
        "SELKIES_ENABLE_DUAL_MODE",
        String.valueOf(transport.filter(mode -> mode == Transport.DUAL).isPresent()));
  }

  private void turn(Optional<SessionConfig.Turn> turn) {
    put("SELKIES_TURN_HOST", turn.map(SessionConfig.Turn::host).orElse(NO_TURN_SERVER));
    turn.ifPresent(server -> {
      put("SELKIES_TURN_PORT", String.valueOf(server.port()));
      put("SELKIES_TURN_PROTOCOL", server.protocol());
      put("SELKIES_TURN_TLS", String.valueOf(server.tls()));
      putSecret("SELKIES_TURN_USERNAME", SessionConfig.Turn.USERNAME_KEY);
      putSecret("SELKIES_TURN_PASSWORD", SessionConfig.Turn.PASSWORD_KEY);
    });
  }

  private static V1EnvVarSource source(VdiTemplate.ValueFrom from) {
    V1EnvVarSource source = new V1EnvVarSource();
    if (from.secretKeyRef() != null) {
      VdiTemplate.KeyRef ref = from.secretKeyRef();
      source.secretKeyRef(
          new V1SecretKeySelector().name(ref.name()).key(ref.key()).optional(ref.optional()));
    }
    if (from.configMapKeyRef() != null) {
      VdiTemplate.KeyRef ref = from.configMapKeyRef();
      source.configMapKeyRef(
          new V1ConfigMapKeySelector().name(ref.name()).key(ref.key()).optional(ref.optional()));
    }
    return source;
  }

  /** The desktop also starts without it: Selkies then has no login that only shows the picture. */
  private void putViewerPassword(String name) {
    putSecret(name, DesktopCredentials.VIEWER_PASSWORD_KEY);
    variables.get(name).getValueFrom().getSecretKeyRef().optional(true);
  }

  private void put(String name, String value) {
    variables.put(name, new V1EnvVar().name(name).value(value));
  }

  private void putSecret(String name, String key) {
    variables.put(
        name,
        new V1EnvVar()
            .name(name)
            .valueFrom(
                new V1EnvVarSource()
                    .secretKeyRef(new V1SecretKeySelector().name(secret).key(key))));
  }
}
