package io.vdi.operator.gate;

import com.google.gson.JsonObject;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http1.Http1Config;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Flavor;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.cluster.ClusterDesktops;
import io.vdi.operator.gate.api.cluster.DesktopCaches;
import io.vdi.operator.gate.api.rest.ApiRoutes;
import io.vdi.operator.gate.audit.Audit;
import io.vdi.operator.gate.audit.AuditLog;
import io.vdi.operator.gate.audit.AuditWebhook;
import io.vdi.operator.gate.desktop.AllowedUsers;
import io.vdi.operator.gate.desktop.CredentialCache;
import io.vdi.operator.gate.desktop.Desktop;
import io.vdi.operator.gate.desktop.DesktopIndex;
import io.vdi.operator.gate.desktop.Disconnector;
import io.vdi.operator.gate.desktop.OpenDesktops;
import io.vdi.operator.gate.desktop.Role;
import io.vdi.operator.gate.desktop.Sharing;
import io.vdi.operator.gate.desktop.Visitor;
import io.vdi.operator.gate.desktop.VisitorStore;
import io.vdi.operator.gate.forward.ForwardRoutes;
import io.vdi.operator.gate.http.ClientAddress;
import io.vdi.operator.gate.http.Page;
import io.vdi.operator.gate.http.PortalDefences;
import io.vdi.operator.gate.keys.KeyRing;
import io.vdi.operator.gate.keys.KeyStore;
import io.vdi.operator.gate.keys.Tokens;
import io.vdi.operator.gate.portal.LinkRoutes;
import io.vdi.operator.gate.portal.PortalRoutes;
import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.revocation.Revocation;
import io.vdi.operator.gate.revocation.RevocationStore;
import io.vdi.operator.gate.signin.BearerSignIns;
import io.vdi.operator.gate.signin.DevelopmentProvider;
import io.vdi.operator.gate.signin.NoProvider;
import io.vdi.operator.gate.signin.OidcProvider;
import io.vdi.operator.gate.signin.OidcSettings;
import io.vdi.operator.gate.signin.Provider;
import io.vdi.operator.gate.signin.SignIn;
import io.vdi.operator.gate.signin.SignInRoutes;
import io.vdi.operator.gate.signin.SignInSessions;
import io.vdi.operator.gate.ticket.LinkVisits;
import io.vdi.operator.gate.ticket.OpenRoutes;
import io.vdi.operator.gate.ticket.TicketStore;
import io.vdi.operator.runtime.ApiServerClock;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.schedule.Periodic;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring and life cycle of the gate. Its settings are read once, at the start. */
public final class Gate implements Service {
  /** For {@link ServiceRuntime}. */
  public static final ServiceDefinition<GateConfig> SERVICE =
      new ServiceDefinition<>("gate", GateConfig::from, Map.of(), Gate::new);

  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

  /** The reason of the Event on a session that an admin visits. */
  private static final String ADMIN_VISITS = "AdminVisits";

  /** The socket on which the router asks. */
  private static final String FORWARD = "forward";

  /** While there are no keys: another replica may be creating them right now. */
  private static final Duration KEY_RETRY = Duration.ofMillis(500);

  private static final Duration KEY_INTERVAL = Duration.ofSeconds(30);

  /** How late the end of a share is noticed that is over by its time. */
  private static final Duration SHARE_INTERVAL = Duration.ofMillis(250);

  /** How long the list of visitors shows one who has closed the page. */
  private static final Duration VISITOR_INTERVAL = Duration.ofSeconds(10);

  /** A page of the portal has cookies of up to 8 KiB and an address of up to 4 KiB. */
  private static final int MAX_HEADERS = 32 * 1024;

  private static final int MAX_ADDRESS = 8 * 1024;

  /** ingress-nginx asks with the encoded address of a request in the address of the question. */
  private static final int MAX_QUESTION = 32 * 1024;

  private final GateConfig config;
  private final KeyStore keys;
  private final Periodic keyRefresh;
  private final DesktopIndex desktops;
  private final ResourceCache<VdiTemplate> templates;
  private final RevocationStore revocations;
  private final OpenDesktops opened = new OpenDesktops();
  private final VisitorStore visitors;
  private final Sharing sharing;
  private final Periodic shareCheck;
  private final Periodic visitorCheck;
  private final EventRecorder events;
  private final Disconnector disconnector;
  private final GateMetrics metrics;
  private final Optional<AuditWebhook> auditWebhook;
  private final ProviderHealth provider;
  private final ApiServerClock clock;
  private final DesktopCaches desktopCaches;
  private final ClusterDesktops api;
  private final ApiRoutes apiRoutes;
  private final PortalRoutes portalRoutes;
  private final SignInRoutes signInRoutes;
  private final OpenRoutes openRoutes;
  private final LinkRoutes linkRoutes;
  private final ForwardRoutes forwardRoutes;
  private final AtomicReference<Set<SessionKey>> visited = new AtomicReference<>(Set.of());
  private volatile Optional<WebServer> server = Optional.empty();

  private Gate(ServiceContext<GateConfig> context) {
    ReloadableConfig<GateConfig> settings = context.config();
    this.config = settings.current();
    KubeClient api = context.api();
    InstantSource nodeClock = context.clock();
    this.clock = context.apiServerClock();
    this.metrics = new GateMetrics(context.meters());
    this.auditWebhook =
        config
            .auditWebhook()
            .map(settingsOfWebhook ->
                new AuditWebhook(
                    settingsOfWebhook,
                    config.publicUrl().toString(),
                    clock,
                    metrics::auditDropped));
    Audit log = new AuditLog(clock, auditWebhook);
    Audit audit =
        event -> {
          metrics.count(event);
          log.record(event);
        };
    this.keys =
        new KeyStore(
            api, config.namespace(), config.keys().secret(), config.keys().settings(), clock);
    this.keyRefresh = new Periodic("keys", this::keyInterval, keys::refresh);
    Tokens tokens = new Tokens(keys::current, config.publicUrl().toString(), clock);
    this.templates =
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", nodeClock, this::templateChanged);
    this.desktops = new DesktopIndex(api, config.watchedNamespaces(), templates, nodeClock);
    this.revocations = new RevocationStore(api, config.namespace(), nodeClock, clock);
    this.desktopCaches =
        new DesktopCaches(api, config.watchedNamespaces(), nodeClock, desktops.cache(), templates);
    desktops.onChange(desktopCaches::sessionChanged);
    CredentialCache credentials =
        new CredentialCache(
            api, name -> templates.get("", name), this::podCreatedAt, System::nanoTime);
    this.disconnector =
        new Disconnector(
            this::hasSelkies, credentials::of, Disconnector::serviceAddress, metrics::disconnected);
    revocations.onChange(this::disconnectRevoked);
    this.events = new EventRecorder(api, "vdi-gate", clock);
    this.visitors = new VisitorStore(api, config.namespace(), revocations.cache());
    this.sharing =
        new Sharing(
            opened,
            visitors,
            desktops,
            config.desktops().access(),
            config.adminWatch(),
            disconnector,
            this::podCreatedAt,
            this::announce,
            clock);
    this.shareCheck = new Periodic("shares", SHARE_INTERVAL, sharing::endLost);
    this.visitorCheck =
        new Periodic("visitors", VISITOR_INTERVAL, () -> sharing.removeLeft(disconnector::count));
    revocations.onChangeOf(VisitorStore.NAME, this::visitorsChanged);
    Provider signIns = provider();
    this.provider = new ProviderHealth(signIns);
    SignInSessions sessions =
        new SignInSessions(tokens, revocations::current, config.signIn(), clock);
    this.api =
        new ClusterDesktops(
            api,
            desktopCaches,
            config.api().desktops(),
            config.watchedNamespaces(),
            new ClusterDesktops.Guests(
                sharing::visitorsOf,
                key -> desktops.get(key).flatMap(desktop -> viewObstacle(credentials, desktop))),
            audit,
            clock);
    this.apiRoutes =
        new ApiRoutes(
            this.api,
            new BearerSignIns(
                signIns, config.api().audiences(), config.signIn(), revocations::current, clock),
            sessions,
            config.publicUrl(),
            config.api().desktops()::caller,
            config.api().limits());
    this.portalRoutes =
        new PortalRoutes(
            sessions,
            this::caller,
            this.api,
            config.wakeOnVisit(),
            config.api().desktops().usageZone(),
            clock);
    this.signInRoutes =
        new SignInRoutes(
            signIns,
            sessions,
            tokens,
            config.signIn(),
            new SignInRoutes.Ending(this::revoke, this::disconnectOwn),
            audit,
            clock);
    this.openRoutes =
        new OpenRoutes(
            sessions,
            desktops::find,
            config.desktops().access(),
            desktop -> viewObstacle(credentials, desktop),
            tokens,
            config.ticketLifetime(),
            audit,
            clock);
    this.linkRoutes =
        new LinkRoutes(
            new LinkVisits(desktops::findByUid, config.desktops().access(), tokens, audit, clock));
    this.forwardRoutes =
        new ForwardRoutes(
            config.desktops(),
            new ForwardRoutes.Sources(
                desktops::find,
                revocations::current,
                credentials::of,
                new TicketStore(api, config.namespace(), clock),
                opened,
                sharing::arrives,
                audit,
                metrics::answered),
            tokens,
            config.publicUrl(),
            clock);
    metrics.registerGauges(
        settings::isValid,
        () -> provider.error().isEmpty(),
        () -> keys.lastFailure().isEmpty(),
        this::keyAgeSeconds);
  }

  private Provider provider() {
    if (config.development().isPresent()) {
      DevelopmentProvider development = config.development().get();
      LOG.warn("{} Everybody is {}.", DevelopmentProvider.NOTICE, development.user());
      return development;
    }
    return config
        .oidc()
        .<Provider>map(oidc -> new OidcProvider(oidc, clock, metrics::providerFailed))
        .orElseGet(NoProvider::new);
  }

  /** Without its template a desktop is asked: most have it. */
  private boolean hasSelkies(Desktop desktop) {
    return templates
        .get("", desktop.template())
        .filter(template -> template.spec().flavor() != Flavor.SELKIES)
        .isEmpty();
  }

  private long keyAgeSeconds() {
    Instant now = clock.instant();
    return keys.current()
        .map(ring -> Duration.between(ring.current(now).usedFrom(), now).toSeconds())
        .orElse(-1L);
  }

  private ApiResult<Boolean> revoke(Revocation revocation, Instant until) {
    ApiResult<Boolean> result = revocations.revoke(revocation, until);
    if (result.ok().isPresent()) {
      metrics.revoked(revocation);
    }
    return result;
  }

  private Duration keyInterval() {
    return keys.error().isEmpty() ? KEY_INTERVAL : KEY_RETRY;
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return Stream.concat(
            Stream.of(desktops.cache(), templates, revocations.cache()),
            desktopCaches.own().stream())
        .toList();
  }

  @Override
  public boolean requires(RequiredPermission permission) {
    return config.api().desktops().createNamespaces()
        || !(permission.resource().equals("rolebindings")
            || permission.resource().equals("clusterroles")
            || (permission.resource().equals("namespaces") && permission.verb().equals("create")));
  }

  @Override
  public void connected() {
    keyRefresh.start();
    provider.start();
  }

  /** {@code /report}: what the doctor asks for; docs/operations.md describes it. */
  @Override
  public void pages(HttpRouting.Builder routing) {
    routing.get(
        "/report",
        (request, response) ->
            response.header(HeaderValues.CONTENT_TYPE_JSON).send(report().toString()));
  }

  private JsonObject report() {
    JsonObject report = new JsonObject();
    report.addProperty("publicUrl", config.publicUrl().toString());
    report.addProperty("development", config.development().isPresent());
    report.addProperty("issuer", config.oidc().map(OidcSettings::issuer).orElse(""));
    report.addProperty("providerError", provider.error().orElse(""));
    report.addProperty("keysSecret", config.keys().secret());
    report.addProperty("keysError", keys.lastFailure().orElse(""));
    report.addProperty("keyAgeSeconds", keyAgeSeconds());
    report.addProperty("clockOffsetSeconds", clock.offset().toSeconds());
    return report;
  }

  @Override
  public void ready() {
    WebServer started =
        WebServer.builder()
            .host(config.listeners().host())
            .port(config.listeners().port())
            .shutdownHook(false)
            .addProtocol(limits(MAX_ADDRESS))
            .routing(this::portal)
            .putSocket(
                FORWARD,
                socket ->
                    socket
                        .host(config.listeners().host())
                        .port(config.listeners().forwardPort())
                        .addProtocol(limits(MAX_QUESTION)))
            .routing(FORWARD, noticed(HttpRouting.builder()).register(forwardRoutes))
            .build()
            .start();
    server = Optional.of(started);
    // Not before: without the sessions, all shares seem to have ended.
    shareCheck.start();
    visitorCheck.start();
    LOG.info(
        "{} on port {}, forward-auth on port {}",
        config.publicUrl(),
        started.port(),
        started.port(FORWARD));
  }

  private static Http1Config limits(int maxAddress) {
    return Http1Config.builder().maxHeadersSize(MAX_HEADERS).maxPrologueLength(maxAddress).build();
  }

  private void portal(HttpRouting.Builder routing) {
    Optional<String> provider =
        config.oidc().flatMap(oidc -> Desktop.origin(oidc.issuer())).map(URI::toString);
    noticed(routing)
        .addFilter(
            new PortalDefences(
                config.publicUrl(),
                provider,
                Set.of(SignInRoutes.BACK_CHANNEL_LOGOUT, ApiRoutes.ROOT + "/")))
        .get(
            "/.well-known/jwks.json",
            (request, response) -> {
              response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
              response.send(keys.current().map(KeyRing::publicKeys).orElseThrow().toString());
            })
        .register(apiRoutes)
        .register(signInRoutes)
        .register(openRoutes)
        .register(linkRoutes)
        // Last: it answers every path that no other answers.
        .register(portalRoutes);
  }

  private ApiUser caller(ServerRequest request, SignIn signIn) {
    return config
        .api()
        .desktops()
        .caller(
            signIn.holder().email(),
            signIn.groups(),
            ClientAddress.of(request),
            signIn.holder().signInId());
  }

  /** Every page shows that the gate is in development mode. */
  private HttpRouting.Builder noticed(HttpRouting.Builder routing) {
    return config.development().isEmpty()
        ? routing
        : routing.addFilter((chain, request, response) -> {
          response.headers().set(Page.NOTICE, DevelopmentProvider.NOTICE);
          chain.proceed();
        });
  }

  private static Optional<String> viewObstacle(CredentialCache credentials, Desktop desktop) {
    return credentials.of(desktop, Role.VIEW).failure().map(ApiFailure::message);
  }

  private Optional<Instant> podCreatedAt(Desktop desktop) {
    return desktopCaches.podCreatedAt(desktop.session(), desktop.uid());
  }

  private void announce(Desktop desktop, Visitor visitor) {
    desktops
        .cache()
        .get(desktop.session().namespace(), desktop.session().name())
        .ifPresent(session ->
            events.record(
                session,
                false,
                ADMIN_VISITS,
                visitor.email()
                    + (visitor.role().onlyWatches() ? " watches" : " uses")
                    + " this desktop as an admin"));
  }

  /** The pages of the portal that show a session show its visitors. */
  private void visitorsChanged() {
    Set<SessionKey> now = visitors.all().stream().map(Visitor::session).collect(Collectors.toSet());
    Set<SessionKey> before = visited.getAndSet(now);
    Stream.concat(now.stream(), before.stream()).distinct().forEach(desktopCaches::sessionChanged);
  }

  /** The sign-in has ended on some replica: the desktops that it has opened here are closed. */
  private void disconnectRevoked() {
    revocations
        .current()
        .map(revoked -> opened.takeEnded((grant, desktop) -> revoked.cover(grant.holder())))
        .ifPresent(disconnector::disconnect);
  }

  /** Closes the desktops of users whom the template allows no more. */
  private void templateChanged(ResourceCache.Change<VdiTemplate> change) {
    if (change.before().isEmpty()
        || !change.concerns(template -> AllowedUsers.of(Optional.of(template)))) {
      return;
    }
    String name = change.object().name();
    AllowedUsers allowed = AllowedUsers.of(change.now());
    disconnector.disconnect(
        opened.takeEnded((grant, desktop) ->
            desktop.template().equals(name)
                && !config
                    .desktops()
                    .access()
                    .isStill(grant, desktop.with(allowed), clock.instant())));
  }

  /** The desktops of the user, also those that another replica has opened before a restart. */
  private void disconnectOwn(Holder holder) {
    disconnector.disconnect(
        desktops.all().stream()
            .filter(desktop -> config.desktops().access().isOwn(holder.email(), desktop))
            .toList());
  }

  /** The routes of the REST API. */
  ApiRoutes apiRoutes() {
    return apiRoutes;
  }

  /** The ports of the portal and of forward-auth, once they are open. */
  public Optional<List<Integer>> ports() {
    return server.map(started -> List.of(started.port(), started.port(FORWARD)));
  }

  @Override
  public Optional<String> readinessError() {
    return keys.error();
  }

  /** Kubernetes does not report when the last router has removed this pod, so it takes a time. */
  @Override
  public void drain() throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(config.listeners().drainPeriod().toNanos());
  }

  @Override
  public void stop() {
    keyRefresh.close();
    shareCheck.close();
    visitorCheck.close();
    provider.close();
    // Before the watches end: a page that is open then connects to another replica.
    portalRoutes.close();
    api.close();
    server.ifPresent(WebServer::stop);
    disconnector.close();
    events.close();
    auditWebhook.ifPresent(AuditWebhook::close);
  }
}
