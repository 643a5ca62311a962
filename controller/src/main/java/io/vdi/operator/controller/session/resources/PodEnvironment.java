package io.vdi.operator.controller.session.resources;

import io.kubernetes.client.openapi.models.V1EnvVar;
import io.kubernetes.client.openapi.models.V1EnvVarSource;
import io.kubernetes.client.openapi.models.V1SecretKeySelector;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.Transport;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The environment of the desktop: the operator's, then the template's, which wins. */
final class PodEnvironment {
  static final String TURN_USERNAME_KEY = "turn-username";
  static final String TURN_PASSWORD_KEY = "turn-password";

  /** Nothing relays here: it keeps Selkies from its own default, a public relay. */
  private static final String NO_RELAY = "127.0.0.1";

  private final Map<String, V1EnvVar> variables = new LinkedHashMap<>();
  private final String secret;

  private PodEnvironment(ResolvedSession workload) {
    this.secret = ResourceNames.secret(workload.name());
  }

  static List<V1EnvVar> of(ResolvedSession workload) {
    PodEnvironment env = new PodEnvironment(workload);
    VdiTemplate.Spec template = workload.template();
    env.put("SELKIES_ENCODER", template.encoder());
    env.putSecret("SELKIES_BASIC_AUTH_PASSWORD", DesktopCredentials.PASSWORD_KEY);
    env.put("SELKIES_ENABLE_BASIC_AUTH", "true");
    env.put(DesktopCredentials.USER_VARIABLE, DesktopCredentials.DEFAULT_USER);
    env.put("DISPLAY", ":0");
    env.put("SELKIES_ADDR", "0.0.0.0");
    env.put("SELKIES_PORT", String.valueOf(template.port()));
    env.transport(Optional.ofNullable(template.transport()));
    if (workload.usesWebRtc()) {
      env.turn(workload.settings().turn());
    }
    // The toolkit's default capabilities lack video and graphics; and without "void" an NVIDIA base
    // image would see every GPU of the node.
    if (workload.spec().gpu() > 0) {
      env.put("NVIDIA_DRIVER_CAPABILITIES", "all");
    } else {
      env.put("NVIDIA_VISIBLE_DEVICES", "void");
    }
    for (VdiTemplate.EnvVar variable : template.env()) {
      env.variables.remove(variable.name());
      env.put(variable.name(), variable.value());
    }
    return new ArrayList<>(env.variables.values());
  }

  /**
   * Selkies' own default lets its users switch to WebRTC, and there to a public relay; so the
   * switch is off unless the template says dual.
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
    put("SELKIES_TURN_HOST", turn.map(SessionConfig.Turn::host).orElse(NO_RELAY));
    turn.ifPresent(relay -> {
      put("SELKIES_TURN_PORT", String.valueOf(relay.port()));
      put("SELKIES_TURN_PROTOCOL", relay.protocol());
      put("SELKIES_TURN_TLS", String.valueOf(relay.tls()));
      putSecret("SELKIES_TURN_USERNAME", TURN_USERNAME_KEY);
      putSecret("SELKIES_TURN_PASSWORD", TURN_PASSWORD_KEY);
    });
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
