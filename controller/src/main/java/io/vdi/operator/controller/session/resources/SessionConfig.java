package io.vdi.operator.controller.session.resources;

import io.kubernetes.client.openapi.models.V1NetworkPolicyPeer;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The settings that determine the objects of a session; docs/configuration.md.
 *
 * @param access the users that get access to the Secrets of their sessions; empty: nobody gets it
 * @param gate which the router asks about each request to a desktop; empty: {@code access.mode} is
 *     basic
 */
public record SessionConfig(
    String domain,
    Ingress ingress,
    Tls tls,
    Optional<Turn> turn,
    Optional<Network> network,
    Optional<IdentityMapping> access,
    Optional<Gate> gate) {

  /** How the router asks the gate; docs/specification.md, section 8. */
  public sealed interface Gate {
    /** Traefik asks it as this Middleware says. */
    record ByMiddleware(SharedObject middleware) implements Gate {}

    /**
     * ingress-nginx asks it as annotations of each Ingress say.
     *
     * @param service by which browsers reach the gate's pages on the host of a desktop
     */
    record ByIngressNginx(GateAddress address, SharedObject service) implements Gate {}

    /** A gate that Traefik asks at this address. */
    static Gate at(String forwardAuthUrl) {
      return new ByMiddleware(MiddlewareBuilder.of(forwardAuthUrl));
    }

    /** A gate that ingress-nginx asks at this address. */
    static Gate ofIngressNginx(GateAddress address) {
      return new ByIngressNginx(address, IngressNginxBuilder.service(address));
    }
  }

  public enum IngressKind {
    TRAEFIK,
    INGRESS,
    GATEWAY,
    NONE
  }

  /**
   * How routes look.
   *
   * @param className of the Ingress or of Traefik; empty: the default one
   * @param middlewares of Traefik, which each route refers to after that of the gate
   * @param labels added to each route
   * @param annotations added to each route
   * @param parentRefs the Gateways of each HTTPRoute; at least one for kind gateway
   * @param headlessServices whether new Services get no cluster IP: the router must send requests
   *     to the endpoints of a Service itself
   */
  public record Ingress(
      IngressKind kind,
      Optional<String> className,
      List<String> entryPoints,
      List<MiddlewareRef> middlewares,
      Map<String, String> labels,
      Map<String, String> annotations,
      List<ParentRef> parentRefs,
      boolean headlessServices) {
    /** Without middlewares, labels, annotations and Gateways, and with Services as by default. */
    public Ingress(IngressKind kind, Optional<String> className, List<String> entryPoints) {
      this(
          kind,
          className,
          entryPoints,
          List.of(),
          Map.of(),
          Map.of(),
          List.of(),
          kind == IngressKind.TRAEFIK);
    }
  }

  /**
   * A Gateway that an HTTPRoute refers to. What is empty gets the default of the Gateway API.
   *
   * @param group empty: that of the Gateway API
   * @param kind empty: Gateway
   * @param namespace empty: that of the session
   * @param sectionName the listener; empty: all that accept the route
   * @param port of the listeners; empty: any
   */
  public record ParentRef(
      Optional<String> group,
      Optional<String> kind,
      Optional<String> namespace,
      String name,
      Optional<String> sectionName,
      Optional<Integer> port) {}

  /**
   * A Middleware of Traefik.
   *
   * @param namespace empty: that of the session
   */
  public record MiddlewareRef(Optional<String> namespace, String name) {}

  public enum TlsMode {
    CERT_RESOLVER,
    SECRET_NAME,
    ROUTER_DEFAULT
  }

  public record Tls(TlsMode mode, String certResolver, String secretName) {}

  /**
   * The TURN server.
   *
   * @param secretFile path of the file with the secret that is shared with the TURN server; a
   *     String, because only the executor may read files
   * @param credentialLifetime how long credentials are valid at most
   */
  public record Turn(
      String host,
      int port,
      String protocol,
      boolean tls,
      String secretFile,
      Duration credentialLifetime) {
    /** Keys of the credentials in the Secret of a session. */
    public static final String USERNAME_KEY = "turn-username";

    public static final String PASSWORD_KEY = "turn-password";
  }

  /**
   * What desktops can reach, and from where they can be reached.
   *
   * @param routerFrom the router
   * @param dnsTo the DNS servers of the cluster
   * @param relayTo the TURN server, if its address is in one of the denied ranges
   * @param deniedRanges CIDRs that are not the public internet
   * @param operatorNamespace the namespace of gate and reaper
   */
  public record Network(
      List<V1NetworkPolicyPeer> routerFrom,
      List<V1NetworkPolicyPeer> dnsTo,
      List<V1NetworkPolicyPeer> relayTo,
      List<String> deniedRanges,
      String operatorNamespace) {}

  /** Whether routes ask a gate. */
  boolean asksGate() {
    return gate.isPresent() && ingress.kind() != IngressKind.NONE;
  }

  /** The Middleware to which routes refer; empty if Traefik does not ask a gate. */
  public Optional<SharedObject> middleware() {
    return gate.filter(any -> asksGate())
        .flatMap(how ->
            how instanceof Gate.ByMiddleware(SharedObject middleware)
                ? Optional.of(middleware)
                : Optional.empty());
  }

  /** How ingress-nginx asks the gate; empty if it does not. */
  public Optional<Gate.ByIngressNginx> ingressNginx() {
    return gate.filter(any -> asksGate())
        .flatMap(how ->
            how instanceof Gate.ByIngressNginx nginx ? Optional.of(nginx) : Optional.empty());
  }

  /**
   * All Middlewares of a route. That of the gate is the first: no other one sees a refused request.
   */
  public List<MiddlewareRef> middlewares() {
    return Stream.concat(
            middleware().stream().map(own -> new MiddlewareRef(Optional.empty(), own.name())),
            ingress.middlewares().stream())
        .toList();
  }

  /** The Kubernetes users that get access to the Secret of this session. */
  public List<String> userNames(VdiSession session) {
    return access.map(identity -> identity.userNames(session.spec().user())).orElse(List.of());
  }

  /** The resource type of routes. Without routes it is IngressRoute: no object is created. */
  public ResourceType<?> routeType() {
    return switch (ingress.kind()) {
      case TRAEFIK, NONE -> ResourceType.INGRESS_ROUTE;
      case INGRESS -> ResourceType.INGRESS;
      case GATEWAY -> ResourceType.HTTP_ROUTE;
    };
  }

  /** The resource types that routes have with another {@code ingress.kind}. */
  public List<ResourceType<?>> otherRouteTypes() {
    return ChildKind.ROUTE.resourceTypes().stream()
        .filter(type -> !type.equals(routeType()))
        .toList();
  }
}
