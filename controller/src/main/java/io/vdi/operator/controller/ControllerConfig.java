package io.vdi.operator.controller;

import io.helidon.config.Config;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.controller.session.host.HostRules;
import io.vdi.operator.controller.session.resources.GateAddress;
import io.vdi.operator.controller.session.resources.IngressNginxBuilder;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.usage.UsageSettings;
import io.vdi.operator.runtime.ServiceConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.IdentityConfig;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.QuotaConfig;
import io.vdi.operator.runtime.config.UsageConfig;
import io.vdi.operator.runtime.config.WatchedNamespacesConfig;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The settings of the controller; application.yaml has their meaning and defaults. */
public record ControllerConfig(
    SessionConfig session,
    HostRules hosts,
    QuotaLimits quota,
    UsageSettings usage,
    int workers,
    WatchedNamespaces watchedNamespaces,
    LeaderElectionConfig election,
    String host,
    int port)
    implements ServiceConfig {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
  private static final String LABEL_GROUPLESS = "[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?";
  private static final String DOMAIN = LABEL + "(\\." + LABEL + ")*";

  private static final Pattern MIDDLEWARE =
      Pattern.compile("(?:(" + LABEL_GROUPLESS + ")/)?(" + LABEL_GROUPLESS + ")");

  private static final String CONTROLLER = "ingress.controller";

  /** Annotations of ingress-nginx that decide who passes, or what the gate sees of a request. */
  private static final Pattern NGINX_OWN =
      Pattern.compile(
          "auth-(?!tls-).*|enable-global-auth|satisfy|rewrite-target|upstream-vhost|backend-protocol");

  /** The Service of the chart, by the operator's namespace. */
  private static final String FORWARD_AUTH = "http://vdi-gate.%s.svc:8082/forward-auth";

  /** An address in short form, whose host only a resolver with search domains finds. */
  private static final Pattern SHORT_ADDRESS = Pattern.compile("(https?://[^/:]+\\.svc)([:/].*)");

  private static final Pattern NAMED_ADDRESS =
      Pattern.compile(
          "(https?)://((?![0-9.]+[:/])[a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(/[a-zA-Z0-9._/-]+)");

  private static final Duration SHORTEST_CREDENTIALS = Duration.ofHours(1);
  private static final Duration LONGEST_CREDENTIALS = Duration.ofHours(24);

  private enum AccessMode {
    BASIC,
    GATE
  }

  /** What reads the Ingresses. */
  private enum IngressController {
    BY_CLASS_NAME,
    TRAEFIK,
    INGRESS_NGINX
  }

  /** Whether new Services get no cluster IP. */
  private enum HeadlessServices {
    AUTO,
    ALWAYS,
    NEVER
  }

  static ControllerConfig from(Config config) throws InvalidConfigException {
    ConfigReader read = new ConfigReader(config);
    LeaderElectionConfig election = LeaderElectionConfig.read(read);
    ControllerConfig result =
        new ControllerConfig(
            new SessionConfig(
                domain(read),
                ingress(read),
                tls(read),
                turn(read),
                NetworkConfig.read(read, election.namespace()),
                access(read),
                gate(read, election.namespace())),
            hosts(read),
            QuotaConfig.read(read),
            new UsageSettings(
                read.durationOrZero("usage.retention"),
                QuotaConfig.budgets(read),
                UsageConfig.zone(read)),
            read.number("workers", 1, 1024),
            WatchedNamespacesConfig.read(read),
            election,
            read.text("server.host"),
            read.number("server.port", 0, 65535));
    read.throwIfInvalid();
    return result;
  }

  private static String domain(ConfigReader read) {
    // The host of a session, at most 63 characters, and a dot come before it.
    return read.text(
        "domain",
        d -> d.length() <= 253 - 64 && d.matches(DOMAIN),
        "must be a DNS name in lower case, at most 189 characters");
  }

  private static HostRules hosts(ConfigReader read) {
    List<String> reserved = read.list("reservedHosts");
    List<String> illegal = reserved.stream().filter(host -> !host.matches(LABEL)).toList();
    read.require(
        illegal.isEmpty(),
        "reservedHosts "
            + illegal
            + " must be labels of host names: lower-case letters, digits and '-'");
    Set<String> all = new HashSet<>(reserved);
    portal(read).ifPresent(all::add);
    return new HostRules(Set.copyOf(all), read.durationOrZero("hostQuarantine"));
  }

  /** The label of the portal's host, if it is a host of the domain. */
  private static Optional<String> portal(ConfigReader read) {
    String suffix = "." + read.text("domain");
    String url = read.text("access.gate.portalUrl");
    String host = url.replaceFirst("^https://", "").replaceFirst("[:/].*", "");
    return Optional.of(host)
        .filter(name -> name.endsWith(suffix))
        .map(name -> name.substring(0, name.length() - suffix.length()))
        .filter(label -> label.matches(LABEL));
  }

  private static Optional<SessionConfig.Gate> gate(ConfigReader read, String namespace) {
    AccessMode mode = read.oneOf("access.mode", AccessMode.class);
    String url = read.text("access.gate.forwardAuthUrl");
    read.require(
        url.isEmpty() || url.matches("https?://[^/]+/\\S*"),
        "access.gate.forwardAuthUrl \""
            + url
            + "\" must be an address such as "
            + FORWARD_AUTH.formatted("vdi-system"));
    if (mode == AccessMode.BASIC) {
      return Optional.empty();
    }
    String address = url.isEmpty() ? FORWARD_AUTH.formatted(namespace) : url;
    boolean ingress =
        read.oneOf("ingress.kind", SessionConfig.IngressKind.class)
            == SessionConfig.IngressKind.INGRESS;
    return switch (read.oneOf(CONTROLLER, IngressController.class)) {
      case BY_CLASS_NAME -> {
        String name = read.text("ingress.className");
        read.require(
            !ingress || name.contains("traefik"),
            "ingress.className \"%s\" does not say who asks the gate, which access.mode gate with ingress.kind ingress requires: set %s to traefik or ingressNginx, or ingress.className to a class of Traefik with traefik in its name"
                .formatted(name, CONTROLLER));
        yield Optional.of(SessionConfig.Gate.at(address));
      }
      case TRAEFIK -> Optional.of(SessionConfig.Gate.at(address));
      case INGRESS_NGINX -> ingress ? ingressNginx(read, address) : Optional.empty();
    };
  }

  private static Optional<SessionConfig.Gate> ingressNginx(ConfigReader read, String url) {
    String domain =
        read.text(
            "access.gate.clusterDomain",
            text -> text.matches(DOMAIN),
            "must be the DNS domain of the cluster, such as cluster.local");
    Matcher shortened = SHORT_ADDRESS.matcher(url);
    String address =
        shortened.matches() ? shortened.group(1) + "." + domain + shortened.group(2) : url;
    Matcher parts = NAMED_ADDRESS.matcher(address);
    boolean legal =
        parts.matches()
            && parts.group(2).matches(DOMAIN)
            && (parts.group(3) == null || Integer.parseInt(parts.group(3)) <= 65535);
    read.require(
        legal,
        "access.gate.forwardAuthUrl \"%s\" must have a name as its host, and no query, with %s ingressNginx, because a Service of type ExternalName refers to it: use an address such as %s"
            .formatted(url, CONTROLLER, FORWARD_AUTH.formatted("vdi-system")));
    for (String name : read.map("ingress.annotations").keySet()) {
      read.require(
          !isGateAnnotation(name),
          "ingress.annotations \"%s\" would change how %s ingressNginx asks the gate: leave it out, or set access.mode to basic"
              .formatted(name, CONTROLLER));
    }
    if (!legal) {
      return Optional.empty();
    }
    boolean https = parts.group(1).equals("https");
    int implied = https ? 443 : 80;
    int port = parts.group(3) == null ? implied : Integer.parseInt(parts.group(3));
    return Optional.of(
        SessionConfig.Gate.ofIngressNginx(
            new GateAddress(https, parts.group(2), port, parts.group(4))));
  }

  private static boolean isGateAnnotation(String name) {
    return name.startsWith(IngressNginxBuilder.PREFIX)
        && NGINX_OWN.matcher(name.substring(IngressNginxBuilder.PREFIX.length())).matches();
  }

  private static SessionConfig.Ingress ingress(ConfigReader read) {
    List<String> entryPoints = read.list("ingress.entryPoints");
    read.require(!entryPoints.isEmpty(), "ingress.entryPoints must name at least one");
    SessionConfig.IngressKind kind = read.oneOf("ingress.kind", SessionConfig.IngressKind.class);
    IngressController controller = read.oneOf(CONTROLLER, IngressController.class);
    read.require(
        kind == SessionConfig.IngressKind.INGRESS || controller != IngressController.INGRESS_NGINX,
        CONTROLLER
            + " ingressNginx reads only Ingresses: set ingress.kind to ingress, or "
            + CONTROLLER
            + " to byClassName");
    SessionConfig.Ingress ingress =
        new SessionConfig.Ingress(
            kind,
            Optional.of(read.text("ingress.className")).filter(name -> !name.isEmpty()),
            entryPoints,
            middlewares(read),
            metadata(read, "ingress.labels"),
            metadata(read, "ingress.annotations"),
            GatewayConfig.parentRefs(read),
            headlessServices(read, kind));
    if (ingress.kind() == SessionConfig.IngressKind.GATEWAY) {
      GatewayConfig.check(read, ingress);
    }
    return ingress;
  }

  /**
   * Traefik sends requests to the endpoints of a Service; other routers may need a cluster IP. The
   * gate sends passwords of desktops to their Services: a DNS answer that is some seconds old could
   * be the address of another desktop, a cluster IP is not.
   */
  private static boolean headlessServices(ConfigReader read, SessionConfig.IngressKind kind) {
    boolean gate = read.oneOf("access.mode", AccessMode.class) == AccessMode.GATE;
    HeadlessServices headless = read.oneOf("ingress.headlessServices", HeadlessServices.class);
    read.require(
        !gate || headless != HeadlessServices.ALWAYS,
        "ingress.headlessServices \"always\" must be auto or never with access.mode gate, because the gate needs the cluster IP of a desktop");
    return switch (headless) {
      case AUTO -> !gate && kind == SessionConfig.IngressKind.TRAEFIK;
      case ALWAYS -> true;
      case NEVER -> false;
    };
  }

  private static List<SessionConfig.MiddlewareRef> middlewares(ConfigReader read) {
    return read.list("ingress.middlewares").stream()
        .map(text -> {
          Matcher matcher = MIDDLEWARE.matcher(text);
          boolean legal = matcher.matches();
          read.require(
              legal,
              "ingress.middlewares \"%s\" must be the name of a Middleware, such as headers or traefik/headers"
                  .formatted(text));
          return legal
              ? new SessionConfig.MiddlewareRef(
                  Optional.ofNullable(matcher.group(1)), matcher.group(2))
              : new SessionConfig.MiddlewareRef(Optional.empty(), text);
        })
        .toList();
  }

  /** What the operator itself sets cannot be replaced: it finds its objects by it. */
  private static Map<String, String> metadata(ConfigReader read, String key) {
    Map<String, String> result = new TreeMap<>(read.map(key));
    for (String name : result.keySet()) {
      read.require(
          !name.startsWith("vdi.kasm.io/")
              && !Set.of(Labels.NAME, Labels.INSTANCE, Labels.MANAGED_BY).contains(name),
          "%s \"%s\" is the operator's own: leave it out".formatted(key, name));
    }
    return result;
  }

  private static SessionConfig.Tls tls(ConfigReader read) {
    SessionConfig.Tls tls =
        new SessionConfig.Tls(
            read.oneOf("tls.mode", SessionConfig.TlsMode.class),
            read.text("tls.certResolver"),
            read.text("tls.secretName"));
    read.require(
        tls.mode() != SessionConfig.TlsMode.CERT_RESOLVER || !tls.certResolver().isEmpty(),
        "tls.certResolver must be set if tls.mode is certResolver");
    read.require(
        tls.mode() != SessionConfig.TlsMode.SECRET_NAME || !tls.secretName().isEmpty(),
        "tls.secretName must be set if tls.mode is secretName");
    return tls;
  }

  private static Optional<IdentityMapping> access(ConfigReader read) {
    IdentityMapping identity = IdentityConfig.mapping(read);
    return read.flag("access.sessionRoles") ? Optional.of(identity) : Optional.empty();
  }

  private static Optional<SessionConfig.Turn> turn(ConfigReader read) {
    SessionConfig.Turn turn =
        new SessionConfig.Turn(
            read.text("turn.host"),
            read.number("turn.port", 1, 65535),
            read.text(
                "turn.protocol", p -> p.equals("udp") || p.equals("tcp"), "must be udp or tcp"),
            read.flag("turn.tls"),
            read.text("turn.secretFile"),
            read.duration("turn.credentialLifetime"));
    read.require(
        turn.credentialLifetime().compareTo(SHORTEST_CREDENTIALS) >= 0
            && turn.credentialLifetime().compareTo(LONGEST_CREDENTIALS) <= 0,
        "turn.credentialLifetime \""
            + read.text("turn.credentialLifetime")
            + "\" must be from 1h to 24h");
    read.require(
        turn.host().isEmpty() || !turn.secretFile().isEmpty(),
        "turn.secretFile must be set if turn.host is set");
    return turn.host().isEmpty() ? Optional.empty() : Optional.of(turn);
  }
}
