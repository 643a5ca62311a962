package io.vdi.operator.admission;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.vdi.operator.admission.certificates.CertificateFiles;
import io.vdi.operator.admission.certificates.CertificateSource;
import io.vdi.operator.admission.certificates.ClientCertificates;
import io.vdi.operator.admission.certificates.DynamicAuthority;
import io.vdi.operator.admission.certificates.RefusedClients;
import io.vdi.operator.admission.certificates.ServingCertificate;
import io.vdi.operator.admission.http.AdmissionRoutes;
import io.vdi.operator.admission.http.ConnectionTimeouts;
import io.vdi.operator.admission.quota.QuotaReserver;
import io.vdi.operator.admission.quota.SessionIndex;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.schedule.Periodic;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring and life cycle of the admission webhook. {@link AdmissionHandler} has the use case. */
public final class AdmissionWebhook implements Service {
  /** For {@link ServiceRuntime}. */
  public static final ServiceDefinition<AdmissionConfig> SERVICE =
      new ServiceDefinition<>(
          "admission-webhook",
          AdmissionConfig::from,
          AdmissionConfig.RENAMED_KEYS,
          AdmissionWebhook::new);

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionWebhook.class);

  /** While there is no valid certificate: another replica may be creating it right now. */
  private static final Duration CERTIFICATE_RETRY = Duration.ofMillis(500);

  private final ReloadableConfig<AdmissionConfig> config;
  private final SessionIndex sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<PartialObjectMetadata> nodes;
  private final QuotaReserver quota;
  private final BudgetWatch budgets;
  private final ServingCertificate certificate;
  private final Optional<ClientCertificates> clients;
  private final Periodic certificateRefresh;
  private final ConnectionTimeouts connections;
  private final AdmissionRoutes routes;
  private volatile Optional<WebServer> server = Optional.empty();

  private AdmissionWebhook(ServiceContext<AdmissionConfig> context) {
    this.config = context.config();
    AdmissionConfig initial = config.current();
    KubeClient api = context.api();
    InstantSource clock = context.clock();
    this.sessions = new SessionIndex(api, initial.watchedNamespaces(), clock);
    this.templates = new ResourceCache<>(api, ResourceType.TEMPLATE, "", clock, change -> {});
    this.nodes =
        new ResourceCache<>(
            api, ResourceType.NODE.metadataOnly(), ContextGatherer.REPLICAS, clock, change -> {});
    this.quota =
        new QuotaReserver(
            api,
            initial.namespace(),
            sessions,
            name -> templates.get("", name),
            () -> config.current().quota(),
            () -> config.current().admission().maxReservationsPerUser(),
            clock,
            System::nanoTime);
    AdmissionMetrics metrics = new AdmissionMetrics(context.meters());
    this.budgets = new BudgetWatch(api, config::current, clock, metrics::recordUsageError);
    this.clients =
        initial
            .admission()
            .clientCa()
            .map(file ->
                new ClientCertificates(
                    file,
                    () -> config.current().admission().clientNames(),
                    new RefusedClients(metrics::recordRefusedClient, System::nanoTime)));
    this.certificate = new ServingCertificate(clock, clients);
    CertificateSource source = source(api, initial.certificates(), certificate, clock);
    this.certificateRefresh =
        new Periodic(
            "certificates",
            this::certificateInterval,
            () -> {
              clients.ifPresent(ClientCertificates::refresh);
              source.refresh();
            });
    AdmissionHandler handler =
        new AdmissionHandler(
            new ContextGatherer(
                api,
                initial.watchedNamespaces(),
                sessions,
                templates,
                nodes,
                context.apiServerClock()),
            new AccessReviewer(api, System::nanoTime),
            new TemplateChecker(api, initial.namespace()),
            quota,
            budgets,
            config::current,
            System::nanoTime);
    metrics.registerGauges(config::isValid, certificate::expiryEpochSeconds);
    this.connections =
        new ConnectionTimeouts(
            initial.admission().idleTimeout(),
            initial.admission().maxConnections(),
            System::nanoTime);
    this.routes =
        new AdmissionRoutes(
            handler::mutate,
            handler::validate,
            connections,
            initial.admission().maxConcurrentRequests(),
            initial.admission().readTimeout(),
            metrics::recordResponse);
  }

  private static CertificateSource source(
      KubeClient api,
      AdmissionConfig.Certificates config,
      ServingCertificate certificate,
      InstantSource clock) {
    return switch (config.mode()) {
      case FILES -> new CertificateFiles(config.directory(), certificate);
      case OWN ->
          new DynamicAuthority(
              api, config.location(), config.settings(), certificate, new SecureRandom(), clock);
    };
  }

  private Duration certificateInterval() {
    return certificate.whyNotReady().isEmpty()
        ? config.current().certificates().interval()
        : CERTIFICATE_RETRY;
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return Stream.concat(sessions.caches().stream(), Stream.of(templates, nodes)).toList();
  }

  @Override
  public void connected() {
    certificateRefresh.start();
  }

  @Override
  public void ready() {
    quota.start();
    budgets.start();
    connections.start();
    certificate.onChange(this::serve);
  }

  /** Starts the server with the first certificate, and passes it each new one. */
  private void serve(Tls tls) {
    if (server.isPresent()) {
      server.get().reloadTls(tls);
    } else {
      WebServer started = server(config.current().admission(), tls).start();
      server = Optional.of(started);
      LOG.info("serving on port {}", started.port());
    }
  }

  private WebServer server(AdmissionConfig.Admission admission, Tls tls) {
    return WebServer.builder()
        .host(admission.host())
        .port(admission.port())
        .shutdownHook(false)
        .tls(tls)
        .connectionOptions(connections)
        // Twice as many as are processed, so that the others can be answered with 429.
        .maxConcurrentRequests(admission.maxConcurrentRequests() * 2)
        .routing(routing -> routing.register(routes))
        .build();
  }

  @Override
  public Optional<String> readinessError() {
    String error = certificate.whyNotReady();
    if (!error.isEmpty()) {
      return Optional.of("certificate: " + error);
    }
    return clients
        .map(ClientCertificates::whyNotReady)
        .filter(reason -> !reason.isEmpty())
        .map(reason -> "admission.clientCA: " + reason);
  }

  @Override
  public Optional<String> livenessError() {
    String error = quota.stuck();
    return error.isEmpty() ? Optional.empty() : Optional.of(error);
  }

  /**
   * Sends clients to other replicas while it still answers. Kubernetes does not report when the
   * last node has removed this pod from the Service, so this takes a fixed time.
   */
  @Override
  public void drain() throws InterruptedException {
    routes.drain();
    TimeUnit.NANOSECONDS.sleep(config.current().admission().drainPeriod().toNanos());
  }

  @Override
  public void stop() {
    certificateRefresh.close();
    server.ifPresent(WebServer::stop);
    connections.close();
    quota.close();
    budgets.close();
  }
}
