package io.vdi.operator.admission;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.vdi.operator.admission.certificates.CertificateFiles;
import io.vdi.operator.admission.certificates.CertificateSource;
import io.vdi.operator.admission.certificates.DynamicAuthority;
import io.vdi.operator.admission.certificates.ServingCertificate;
import io.vdi.operator.admission.http.AdmissionRoutes;
import io.vdi.operator.admission.http.ConnectionTimeouts;
import io.vdi.operator.admission.quota.QuotaReserver;
import io.vdi.operator.admission.quota.SessionIndex;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.Decision;
import io.vdi.operator.admission.validation.SessionAdmission;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service: watches, keeps a certificate, answers, stops. */
public final class AdmissionWebhook implements Service {
  /** For {@link ServiceRuntime}. */
  public static final ServiceDefinition<AdmissionConfig> SERVICE =
      new ServiceDefinition<>(
          "admission-webhook", AdmissionConfig::from, Map.of(), AdmissionWebhook::new);

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionWebhook.class);
  private static final Duration NO_CERTIFICATE = Duration.ofMillis(500);
  private static final String REPLICAS = "nvidia.com/gpu.replicas";

  private final KubeClient api;
  private final ReloadableConfig<AdmissionConfig> settings;
  private final SessionIndex sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<PartialObjectMetadata> nodes;
  private final QuotaReserver book;
  private final TimeLimiter deadline = new TimeLimiter();
  private final ServingCertificate certificate;
  private final CertificateSource certificateSource;
  private final AdmissionRoutes routes;
  private final WebServer server;
  private final CountDownLatch closing = new CountDownLatch(1);

  private AdmissionWebhook(ServiceContext<AdmissionConfig> context) {
    this.api = context.api();
    this.settings = context.config();
    InstantSource clock = context.clock();
    AdmissionConfig config = settings.current();
    this.sessions = new SessionIndex(api, clock);
    this.templates = new ResourceCache<>(api, ResourceType.TEMPLATE, "", clock, change -> {});
    this.nodes = new ResourceCache<>(api, ResourceType.NODE, REPLICAS, clock, change -> {});
    this.book =
        new QuotaReserver(
            api,
            config.namespace(),
            sessions,
            name -> templates.get("", name),
            () -> settings.current().quota(),
            clock,
            System::nanoTime,
            RandomGenerator.getDefault());
    this.certificate = new ServingCertificate(clock);
    this.certificateSource = source(api, config, certificate, new SecureRandom(), clock);
    AdmissionMetrics metrics = new AdmissionMetrics(context.meters());
    metrics.watch(settings::isValid, certificate::expiryEpochSeconds);
    ConnectionTimeouts connections = new ConnectionTimeouts(config.admission().idleTimeout());
    this.routes =
        new AdmissionRoutes(
            this::mutate,
            this::validate,
            connections,
            config.admission().atOnce(),
            config.admission().readTimeout(),
            metrics::decided);
    this.server = server(config.admission(), connections);
  }

  private static CertificateSource source(
      KubeClient api,
      AdmissionConfig config,
      ServingCertificate certificate,
      SecureRandom random,
      InstantSource clock) {
    AdmissionConfig.Certificates how = config.certificates();
    return switch (how.mode()) {
      case FILES -> new CertificateFiles(how.folder(), certificate);
      case OWN ->
          DynamicAuthority.of(
              api,
              new DynamicAuthority.Location(config.namespace(), how.secret(), how.configuration()),
              new DynamicAuthority.CertificateLifetimes(
                  how.authorityLife(), how.servingLife(), how.propagation()),
              how.names(),
              certificate,
              random,
              clock);
    };
  }

  private WebServer server(AdmissionConfig.Admission how, ConnectionTimeouts connections) {
    return WebServer.builder()
        .host(how.host())
        .port(how.port())
        .shutdownHook(false)
        .tls(
            Tls.builder()
                .sslContext(certificate.context())
                .enabledProtocols(List.of("TLSv1.3", "TLSv1.2"))
                .build())
        .connectionOptions(connections)
        // A few more than are worked on, so that the rest can be told.
        .maxConcurrentRequests(how.atOnce() * 2)
        .routing(routing -> routing.register(routes))
        .build();
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return List.of(sessions.cache(), templates, nodes);
  }

  @Override
  public void connected() {
    Thread.ofVirtual().name("certificates").start(this::keepCertificate);
  }

  @Override
  public void ready() {
    book.start();
    server.start();
    LOG.info("answering on port {}", server.port());
  }

  private void keepCertificate() {
    try {
      do {
        try {
          certificateSource.refresh();
        } catch (RuntimeException e) {
          LOG.error("looking at the certificate failed", e);
        }
      } while (!closing.await(pause().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Another replica may just be making the first certificate of all. */
  private Duration pause() {
    return certificate.whyNotReady().isEmpty()
        ? settings.current().certificates().interval()
        : NO_CERTIFICATE;
  }

  private Decision mutate(AdmissionRequest request) {
    return answered(() -> SessionAdmission.mutate(request, view()));
  }

  private static Decision answered(Supplier<Decision> decision) {
    try {
      return decision.get();
    } catch (TimeLimiter.DeadlineExceededException e) {
      return new Decision.Deny(
          503, "cannot be decided now, try again: " + e.getMessage(), List.of());
    }
  }

  private Decision validate(AdmissionRequest request) {
    return answered(() -> judged(request));
  }

  private Decision judged(AdmissionRequest request) {
    AdmissionConfig config = settings.current();
    return switch (SessionAdmission.validate(request, view(), config.policy())) {
      case Decision.QuotaCheckRequired wish -> fit(request, wish, config);
      case Decision.Allow allow -> allow;
      case Decision.Deny deny -> deny;
    };
  }

  private Decision fit(
      AdmissionRequest request, Decision.QuotaCheckRequired wish, AdmissionConfig config) {
    if (!config.quota().limits(wish.asked())) {
      return Decision.Allow.unchanged(wish.warnings());
    }
    boolean queue = config.quota().mode() == QuotaLimits.Mode.QUEUE;
    // An id that a session bears already names no new request: nothing would ever be seen of it.
    String id = wish.id().filter(stamp -> !sessions.hasSeen(stamp)).orElse(request.uid());
    try {
      return switch (book.reserve(
          id, wish.asked(), !request.dryRun(), config.admission().deadline())) {
        case QuotaReserver.ReservationResult.Granted() -> Decision.Allow.unchanged(wish.warnings());
        case QuotaReserver.ReservationResult.Exceeded(List<QuotaViolation> limits) -> {
          String words = QuotaViolation.message(limits);
          List<String> warnings = new ArrayList<>(wish.warnings());
          if (queue) {
            warnings.add(words + "; the session waits in line");
          }
          yield queue
              ? Decision.Allow.unchanged(warnings)
              : new Decision.Deny(403, words, warnings);
        }
        case QuotaReserver.ReservationResult.Undecided(String why) ->
            new Decision.Deny(
                503, "quotas cannot be looked at now, try again: " + why, wish.warnings());
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Decision.Deny(503, "the webhook is stopping, try again", wish.warnings());
    }
  }

  private AdmissionContext view() {
    return new AdmissionContext(
        this::template,
        name ->
            deadline.within(settings.current().admission().deadline(), () -> sessions.using(name)),
        nodes.list().stream().anyMatch(AdmissionWebhook::isTimeSliced));
  }

  /** One that was made a moment ago may not be in the cache yet: nobody is refused for that. */
  private Optional<VdiTemplate> template(String name) {
    Optional<VdiTemplate> cached = templates.get("", name);
    return cached.isPresent() || !name.matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
        ? cached
        : deadline.within(
            settings.current().admission().deadline(),
            () -> {
              ApiResult<VdiTemplate> live = api.get(ResourceType.TEMPLATE, "", name);
              return live.isNotFound() ? Optional.empty() : Optional.of(live.orElseThrow());
            });
  }

  /** By the label of NVIDIA's feature discovery. */
  private static boolean isTimeSliced(PartialObjectMetadata node) {
    return node.metadata()
        .label(REPLICAS)
        .filter(n -> !n.equals("0") && !n.equals("1"))
        .isPresent();
  }

  @Override
  public Optional<String> readinessError() {
    String error = certificate.whyNotReady();
    return error.isEmpty() ? Optional.empty() : Optional.of("certificate: " + error);
  }

  @Override
  public Optional<String> livenessError() {
    String error = book.stuck();
    return error.isEmpty() ? Optional.empty() : Optional.of(error);
  }

  /**
   * Sends clients to other replicas while it still answers. Nothing reports when the last node has
   * removed this pod from its Service, so this takes a fixed time.
   */
  @Override
  public void drain() throws InterruptedException {
    routes.leave();
    TimeUnit.NANOSECONDS.sleep(settings.current().admission().drain().toNanos());
  }

  @Override
  public void stop() {
    closing.countDown();
    server.stop();
    book.close();
  }
}
