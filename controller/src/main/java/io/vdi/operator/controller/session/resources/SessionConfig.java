package io.vdi.operator.controller.session.resources;

import java.util.List;
import java.util.Optional;

/** What an admin decides about all sessions; the part of the configuration that plans depend on. */
public record SessionConfig(String domain, Ingress ingress, Tls tls, Optional<Turn> turn) {
  public enum IngressKind {
    TRAEFIK,
    INGRESS,
    NONE
  }

  public record Ingress(IngressKind kind, Optional<String> className, List<String> entryPoints) {}

  public enum TlsMode {
    CERT_RESOLVER,
    SECRET_NAME,
    ROUTER_DEFAULT
  }

  public record Tls(TlsMode mode, String certResolver, String secretName) {}

  /** Where the relay is. Its shared secret is not here: only the applier needs it. */
  public record Turn(String host, int port, String protocol, boolean tls) {}
}
