package io.vdi.operator.admission;

import io.helidon.common.tls.Tls;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.webserver.WebServer;
import io.vdi.operator.admission.certificates.CertificateFiles;
import io.vdi.operator.admission.certificates.CertificateRefresher;
import io.vdi.operator.admission.certificates.CertificateSource;
import io.vdi.operator.admission.certificates.DynamicAuthority;
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
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring and life cycle of the admission webhook. {@link AdmissionHandler} has the use case. */
public final class AdmissionWebhook implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdmissionWebhook.class);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);
  private static final Duration RELOAD_INTERVAL = Duration.ofSeconds(2);
  private static final String STARTING = "starting";

  private final KubeClient api;
  private final ReloadableConfig<AdmissionConfig> config;
  private final SessionIndex sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<PartialObjectMetadata> nodes;
  private final QuotaReserver quota;
  private final ServingCertificate certificate;
  private final CertificateRefresher refresher;
  private final ConnectionTimeouts connections;
  private final AdmissionRoutes routes;
  private final ObserveServer observe;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Optional<WebServer> server = Optional.empty();
  private volatile String notReady = STARTING;

  /** Connects all parts and starts the health endpoint. {@link #run} starts everything else. */
  AdmissionWebhook(
      KubeClient api,
      ReloadableConfig<AdmissionConfig> config,
      MeterRegistry meters,
      InstantSource clock,
      SecureRandom random)
      throws InvalidConfigException {
    AdmissionConfig initial = config.current();
    this.api = api;
    this.config = config;
    this.sessions = new SessionIndex(api, clock);
    this.templates = new ResourceCache<>(api, ResourceType.TEMPLATE, "", clock, change -> {});
    this.nodes =
        new ResourceCache<>(api, ResourceType.NODE, ContextGatherer.REPLICAS, clock, change -> {});
    this.quota =
        new QuotaReserver(
            api,
            initial.namespace(),
            sessions,
            name -> templates.get("", name),
            () -> config.current().quota(),
            clock,
            System::nanoTime);
    this.certificate = new ServingCertificate(clock);
    this.refresher =
        new CertificateRefresher(
            source(api, initial.certificates(), certificate, random, clock),
            certificate,
            () -> config.current().certificates().interval());
    AdmissionHandler handler =
        new AdmissionHandler(
            new ContextGatherer(api, sessions, templates, nodes), quota, config::current);
    AdmissionMetrics metrics = new AdmissionMetrics(meters);
    metrics.registerGauges(config::isValid, certificate::expiryEpochSeconds);
    this.connections = new ConnectionTimeouts(initial.admission().idleTimeout(), System::nanoTime);
    this.routes =
        new AdmissionRoutes(
            handler::mutate,
            handler::validate,
            connections,
            initial.admission().maxConcurrentRequests(),
            initial.admission().readTimeout(),
            metrics::recordResponse);
    this.observe =
        ObserveServer.start(
            initial.host(),
            initial.port(),
            new ObserveServer.HealthSources(
                () -> notReady.equals(STARTING) ? notReady : "", quota::stuck, this::whyNotReady),
            meters);
  }

  private static CertificateSource source(
      KubeClient api,
      AdmissionConfig.Certificates config,
      ServingCertificate certificate,
      SecureRandom random,
      InstantSource clock) {
    return switch (config.mode()) {
      case FILES -> new CertificateFiles(config.directory(), certificate);
      case OWN ->
          new DynamicAuthority(
              api, config.location(), config.settings(), certificate, random, clock);
    };
  }

  /** Runs until {@link #close}. */
  void run() throws InterruptedException {
    LOG.info(
        "admission webhook {}: health and metrics on port {}, settings from {}",
        AdmissionWebhook.class.getPackage().getImplementationVersion(),
        observe.port(),
        config.source());
    notReady = "filling the caches";
    LOG.info("not ready: {}", notReady);
    caches().forEach(ResourceCache::start);
    refresher.start();
    while (!caches().stream().allMatch(ResourceCache::isSynced)
        || !certificate.whyNotReady().isEmpty()) {
      if (closing.await(POLL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    }
    quota.start();
    connections.start();
    certificate.onChange(this::serve);
    notReady = "";
    config.watch(RELOAD_INTERVAL, changed -> {});
    closing.await();
  }

  /** Starts the server with the first certificate, and passes it each new one. */
  private void serve(Tls tls) {
    if (server.isPresent()) {
      server.get().reloadTls(tls);
    } else {
      WebServer started = server(config.current().admission(), tls).start();
      server = Optional.of(started);
      LOG.info("ready: serving on port {}", started.port());
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

  private List<ResourceCache<?>> caches() {
    return List.of(sessions.cache(), templates, nodes);
  }

  private String whyNotReady() {
    String certificateError = certificate.whyNotReady();
    if (!certificateError.isEmpty()) {
      return "certificate: " + certificateError;
    }
    return caches().stream()
        .filter(cache -> !cache.error().isEmpty())
        .findFirst()
        .map(cache -> "watching " + cache.resourceType().qualifiedName() + ": " + cache.error())
        .orElse(notReady);
  }

  boolean isReady() {
    return whyNotReady().isEmpty();
  }

  /**
   * Becomes unready, keeps answering for {@code admission.drainPeriod}, finishes running requests
   * and stops.
   */
  @Override
  public void close() {
    notReady = "stopping";
    routes.drain();
    try {
      // Kubernetes does not report when the last node has removed this pod from the Service.
      TimeUnit.NANOSECONDS.sleep(config.current().admission().drainPeriod().toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closing.countDown();
    config.close();
    refresher.close();
    server.ifPresent(WebServer::stop);
    connections.close();
    quota.close();
    sessions.close();
    templates.close();
    nodes.close();
    observe.close();
    api.close();
    LOG.info("stopped");
  }
}
