package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.Scheme;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Map;
import java.util.Optional;

/**
 * Builds Traefik's ServersTransport for desktops that speak HTTPS; docs/specification.md, section
 * 2. Such a desktop makes a certificate for itself at each start, so Traefik has nothing to verify
 * it with and would answer 500. Without the verification the connection is encrypted to whatever
 * has the address of the pod, as it is unencrypted for all other desktops. Traefik does not let a
 * route refer to an object of another namespace by default, so each namespace with such sessions
 * has one.
 */
public final class ServersTransportBuilder {
  private static final String ANNOTATION = "traefik.ingress.kubernetes.io/service.";

  /** The same in every namespace. */
  private static final SharedObject TRANSPORT =
      SharedObject.of(
          ResourceType.SERVERS_TRANSPORT,
          ResourceNames.SERVERS_TRANSPORT,
          Map.of("insecureSkipVerify", true));

  private ServersTransportBuilder() {}

  /** The ServersTransport that the route needs; empty if the desktops speak HTTP. */
  public static Optional<SharedObject> of(VdiTemplate.Spec template, SessionConfig config) {
    boolean routed =
        switch (config.ingress().kind()) {
          case TRAEFIK, INGRESS -> true;
          case GATEWAY, NONE -> false;
        };
    return routed && template.server().scheme() == Scheme.HTTPS
        ? Optional.of(TRANSPORT)
        : Optional.empty();
  }

  /**
   * Whether no route of the configured kind reaches the desktop: it speaks HTTPS with a certificate
   * of its own, and a router of the Gateway API verifies certificates.
   */
  public static boolean isUnreachable(VdiTemplate.Spec template, SessionConfig config) {
    return config.ingress().kind() == SessionConfig.IngressKind.GATEWAY
        && template.server().scheme() == Scheme.HTTPS;
  }

  /**
   * Annotations of the Service, from which Traefik learns the same about an Ingress; empty for all
   * other sessions.
   */
  static Map<String, String> annotations(ResolvedSession resolved) {
    boolean needed =
        resolved.config().ingress().kind() == SessionConfig.IngressKind.INGRESS
            && resolved.template().server().scheme() == Scheme.HTTPS;
    return needed
        ? Map.of(
            ANNOTATION + "serversscheme",
            "https",
            ANNOTATION + "serverstransport",
            resolved.session().namespace()
                + "-"
                + ResourceNames.SERVERS_TRANSPORT
                + "@kubernetescrd")
        : Map.of();
  }
}
