package io.vdi.operator.gate;

import io.helidon.config.Config;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.LinkCode;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.gate.api.cluster.DesktopSettings;
import io.vdi.operator.gate.api.cluster.UserNamespaces;
import io.vdi.operator.gate.api.rest.ApiRoutes;
import io.vdi.operator.gate.audit.AuditWebhook;
import io.vdi.operator.gate.desktop.AdminWatch;
import io.vdi.operator.gate.desktop.DesktopAccess;
import io.vdi.operator.gate.forward.ForwardRules;
import io.vdi.operator.gate.http.PublicUrl;
import io.vdi.operator.gate.keys.KeyRing;
import io.vdi.operator.gate.signin.DevelopmentProvider;
import io.vdi.operator.gate.signin.OidcSettings;
import io.vdi.operator.gate.signin.SignInRoutes;
import io.vdi.operator.gate.signin.SignInSettings;
import io.vdi.operator.runtime.ServiceConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import io.vdi.operator.runtime.config.IdentityConfig;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.PodNamespace;
import io.vdi.operator.runtime.config.QuotaConfig;
import io.vdi.operator.runtime.config.UsageConfig;
import io.vdi.operator.runtime.config.WatchedNamespacesConfig;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of the gate; docs/configuration.md describes each.
 *
 * @param oidc empty: no provider is configured, and nobody can sign in
 * @param development replaces the provider
 */
record GateConfig(
    PublicUrl publicUrl,
    Optional<OidcSettings> oidc,
    Optional<DevelopmentProvider> development,
    Optional<AuditWebhook.Settings> auditWebhook,
    SignInSettings signIn,
    ForwardRules desktops,
    AdminWatch adminWatch,
    Duration ticketLifetime,
    boolean wakeOnVisit,
    Api api,
    WatchedNamespaces watchedNamespaces,
    Keys keys,
    Listeners listeners,
    String namespace,
    String host,
    int port)
    implements ServiceConfig {
  private static final Logger LOG = LoggerFactory.getLogger(GateConfig.class);

  /** A desktop can be used this long after its user was removed without a notice. */
  private static final Duration MAX_PASS = Duration.ofMinutes(15);

  private static final Duration MAX_TICKET = Duration.ofSeconds(30);
  private static final PublicUrl PLACEHOLDER = new PublicUrl(URI.create("https://portal.invalid"));

  /** {@code localhost} is resolved by browsers and by the JDK to a loopback address. */
  private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "::1", "[::1]");

  /**
   * The settings of the REST API.
   *
   * @param audiences of bearer tokens
   */
  record Api(DesktopSettings desktops, Set<String> audiences, ApiRoutes.Limits limits) {}

  record Keys(String secret, KeyRing.Settings settings) {}

  record Listeners(String host, int port, int forwardPort, Duration drainPeriod) {}

  /** All replicas answer. */
  @Override
  public LeaderElectionConfig election() {
    return LeaderElectionConfig.NONE;
  }

  static GateConfig from(Config config) throws InvalidConfigException {
    ConfigReader read = new ConfigReader(config);
    String configured = read.text("namespace");
    String namespace = configured.isEmpty() ? PodNamespace.get() : configured;
    PublicUrl publicUrl = publicUrl(read);
    SignInSettings signIn = signIn(read);
    AdminWatch adminWatch = adminWatch(read);
    boolean links = links(read);
    Identity identity = IdentityConfig.identity(read, namespace);
    GateConfig result =
        new GateConfig(
            publicUrl,
            oidc(read, publicUrl),
            development(read, publicUrl),
            auditWebhook(read),
            signIn,
            desktops(read, identity, adminWatch, links),
            adminWatch,
            atMost(read, "gate.desktops.ticketLifetime", MAX_TICKET),
            read.flag("gate.desktops.wakeOnVisit"),
            api(
                read,
                identity,
                namespace,
                adminWatch,
                links ? Optional.of(publicUrl.resolve(LinkCode.PAGE)) : Optional.empty()),
            WatchedNamespacesConfig.read(read),
            new Keys(
                read.text("gate.keys.secret", s -> !s.isEmpty(), "must not be empty"),
                new KeyRing.Settings(read.duration("gate.keys.rotation"), signIn.lifetime())),
            new Listeners(
                read.text("gate.host"),
                read.number("gate.port", 0, 65535),
                read.number("gate.forwardPort", 0, 65535),
                read.durationOrZero("gate.drainPeriod")),
            namespace,
            read.text("server.host"),
            read.number("server.port", 0, 65535));
    read.require(
        result.keys().settings().rotation().compareTo(signIn.lifetime()) > 0,
        "gate.keys.rotation must be longer than gate.signIn.lifetime");
    requireWatched(read, result);
    read.throwIfInvalid();
    return result;
  }

  private static PublicUrl publicUrl(ConfigReader read) {
    String text = read.text("gate.publicUrl");
    Optional<PublicUrl> url = PublicUrl.parse(text);
    read.require(
        url.isPresent(),
        "gate.publicUrl \"%s\" must be the https address of the portal without a path, such as https://portal.example.com"
            .formatted(text));
    return url.orElse(PLACEHOLDER);
  }

  private static Optional<OidcSettings> oidc(ConfigReader read, PublicUrl publicUrl) {
    String issuer = read.text("gate.oidc.issuer");
    String clientId = read.text("gate.oidc.clientId");
    OidcSettings settings =
        new OidcSettings(
            issuer,
            clientId,
            secretFile(read.text("gate.oidc.clientSecretFile")),
            Optional.of(read.text("gate.oidc.caFile")).filter(f -> !f.isEmpty()).map(Path::of),
            read.list("gate.oidc.scopes"),
            read.text("gate.oidc.groupsClaim"),
            read.duration("gate.oidc.clockSkew"),
            read.duration("gate.oidc.timeout"),
            publicUrl.resolve(SignInRoutes.CALLBACK),
            publicUrl.resolve(SignInRoutes.SIGNED_OUT));
    if (issuer.isEmpty()) {
      return Optional.empty();
    }
    read.require(
        issuer.startsWith("https://") || issuer.matches("http://(localhost|127\\.0\\.0\\.1)[:/].*"),
        "gate.oidc.issuer \"%s\" must be an https address".formatted(issuer));
    read.require(!clientId.isEmpty(), "gate.oidc.clientId must not be empty");
    read.require(settings.scopes().contains("openid"), "gate.oidc.scopes must contain openid");
    return Optional.of(settings);
  }

  /** Without a question for a password, so only this machine may reach it. */
  private static Optional<DevelopmentProvider> development(ConfigReader read, PublicUrl publicUrl) {
    String user = read.text("gate.development.user");
    List<String> groups = read.list("gate.development.groups");
    if (user.isEmpty()) {
      read.require(
          groups.isEmpty(),
          "gate.development.groups \"%s\" has no effect without gate.development.user"
              .formatted(String.join(",", groups)));
      return Optional.empty();
    }
    read.require(
        EmailAddress.isValid(user),
        "gate.development.user \"%s\" must be an e-mail address".formatted(user));
    requireLoopback(read, "gate.publicUrl", String.valueOf(publicUrl.origin().getHost()), user);
    requireLoopback(read, "gate.host", read.text("gate.host"), user);
    String issuer = read.text("gate.oidc.issuer");
    read.require(
        issuer.isEmpty(),
        "gate.development.user \"%s\" replaces the provider, but gate.oidc.issuer is \"%s\": remove one of them"
            .formatted(user, issuer));
    return Optional.of(new DevelopmentProvider(publicUrl, user, groups));
  }

  private static void requireLoopback(ConfigReader read, String key, String host, String user) {
    read.require(
        LOOPBACK.contains(host),
        "gate.development.user \"%s\" signs everybody in without a password, so %s must be a loopback address (%s), but it is \"%s\": use a loopback address, or remove gate.development.user and set gate.oidc.issuer"
            .formatted(user, key, String.join(", ", LOOPBACK), read.text(key)));
  }

  private static Optional<AuditWebhook.Settings> auditWebhook(ConfigReader read) {
    String text = read.text("gate.audit.webhook.url");
    String tokenFile = read.text("gate.audit.webhook.tokenFile");
    Duration timeout = read.duration("gate.audit.webhook.timeout");
    int queue = read.number("gate.audit.webhook.queue", 1, 1_000_000);
    Optional<HttpUrl> url = Optional.ofNullable(HttpUrl.parse(text));
    read.require(
        text.isEmpty() || url.isPresent(),
        "gate.audit.webhook.url \"%s\" must be an http or https address".formatted(text));
    return url.map(found ->
        new AuditWebhook.Settings(
            found, Optional.of(tokenFile).filter(f -> !f.isEmpty()).map(Path::of), timeout, queue));
  }

  private static Supplier<Optional<String>> secretFile(String file) {
    return file.isEmpty()
        ? Optional::empty
        : () -> {
          try {
            return Optional.of(Files.readString(Path.of(file)).strip());
          } catch (IOException e) {
            // The provider refuses the request then, and the page says so.
            LOG.error("gate.oidc.clientSecretFile {} cannot be read: {}", file, e.toString());
            return Optional.empty();
          }
        };
  }

  private static Api api(
      ConfigReader read,
      Identity identity,
      String namespace,
      AdminWatch adminWatch,
      Optional<URI> linkPage) {
    String configured = read.text("gate.impersonation.userPrefix");
    String prefix = configured.isEmpty() ? identity.mapping().prefix() : configured;
    String pattern = read.text("gate.namespace");
    Optional<UserNamespaces> namespaces = UserNamespaces.parse(pattern);
    read.require(
        namespaces.isPresent(),
        "gate.namespace \"%s\" must be the name of a namespace, or a pattern such as vdi-{user}"
            .formatted(pattern));
    read.require(
        !prefix.startsWith("system:"),
        "gate.impersonation.userPrefix \"%s\" must not begin with system:".formatted(prefix));
    String sample = prefix + "a@example.com";
    read.require(
        identity.mapping().email(sample, Map.of()).equals("a@example.com"),
        "gate.impersonation.userPrefix \"%s\" must be identity.prefix: the admission webhook finds no e-mail address in %s"
            .formatted(prefix, sample));
    List<String> audiences = read.list("gate.oidc.apiAudiences");
    return new Api(
        new DesktopSettings(
            identity,
            prefix,
            read.flag("gate.desktops.adminsMayOpen"),
            adminWatch != AdminWatch.OFF,
            linkPage,
            namespaces.orElse(UserNamespaces.DEFAULT),
            read.flag("gate.createNamespaces"),
            QuotaConfig.read(read),
            QuotaConfig.budgets(read),
            read.duration("warningBefore"),
            read.durationOrZero("homeRetention"),
            namespace,
            UsageConfig.zone(read)),
        audiences.isEmpty() ? Set.of(read.text("gate.oidc.clientId")) : Set.copyOf(audiences),
        new ApiRoutes.Limits(
            read.number("gate.api.requestsPerSecond", 1, 10_000),
            read.number("gate.api.streams", 1, 1000)));
  }

  /** Sessions in another namespace would stay without a desktop. */
  private static void requireWatched(ConfigReader read, GateConfig config) {
    UserNamespaces namespaces = config.api().desktops().namespaces();
    read.require(
        config.watchedNamespaces().isAll()
            || (!namespaces.isPerUser()
                && config.watchedNamespaces().includes(namespaces.toString())),
        "gate.namespace \"%s\" must be one of watchNamespaces".formatted(namespaces));
  }

  private static SignInSettings signIn(ConfigReader read) {
    SignInSettings settings =
        new SignInSettings(
            read.flag("gate.oidc.requireVerifiedEmail"),
            read.text("gate.oidc.groupsPrefix"),
            read.list("gate.oidc.groups"),
            read.duration("gate.signIn.lifetime"),
            read.duration("gate.signIn.idleTimeout"),
            read.duration("gate.signIn.timeout"));
    read.require(
        settings.idleTimeout().compareTo(settings.lifetime()) <= 0,
        "gate.signIn.idleTimeout must be at most gate.signIn.lifetime");
    return settings;
  }

  private static AdminWatch adminWatch(ConfigReader read) {
    String text = read.text("gate.desktops.adminWatch");
    Optional<AdminWatch> value = AdminWatch.of(text);
    read.require(
        value.isPresent(),
        "gate.desktops.adminWatch \"%s\" must be off, announced or silent".formatted(text));
    return value.orElse(AdminWatch.OFF);
  }

  /** YAML reads {@code off} without quotes as false. */
  private static boolean links(ConfigReader read) {
    String text = read.text("gate.desktops.links");
    read.require(
        Set.of("off", "false", "view").contains(text),
        "gate.desktops.links \"%s\" must be off or view".formatted(text));
    return text.equals("view");
  }

  private static ForwardRules desktops(
      ConfigReader read, Identity identity, AdminWatch adminWatch, boolean links) {
    return new ForwardRules(
        new DesktopAccess(
            identity,
            read.flag("gate.desktops.adminsMayOpen"),
            adminWatch != AdminWatch.OFF,
            links),
        atMost(read, "gate.desktops.cookieLifetime", MAX_PASS));
  }

  private static Duration atMost(ConfigReader read, String key, Duration max) {
    Duration value = read.duration(key);
    read.require(
        value.compareTo(max) <= 0,
        "%s \"%s\" must be at most %s"
            .formatted(key, Durations.format(value), Durations.format(max)));
    return value;
  }
}
