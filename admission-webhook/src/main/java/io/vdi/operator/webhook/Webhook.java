package io.vdi.operator.webhook;

import io.helidon.common.tls.Tls;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.webserver.WebServer;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ObjectMetadata;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.Excess;
import io.vdi.operator.common.quota.Quota;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.LiveSettings;
import io.vdi.operator.common.service.ServiceEndpoint;
import io.vdi.operator.webhook.certificates.CertificateFiles;
import io.vdi.operator.webhook.certificates.CertificateSource;
import io.vdi.operator.webhook.certificates.OwnAuthority;
import io.vdi.operator.webhook.certificates.ServingCertificate;
import io.vdi.operator.webhook.decide.AdmissionRequest;
import io.vdi.operator.webhook.decide.Decider;
import io.vdi.operator.webhook.decide.Decision;
import io.vdi.operator.webhook.decide.View;
import io.vdi.operator.webhook.http.AdmissionRoutes;
import io.vdi.operator.webhook.http.WatchedConnections;
import io.vdi.operator.webhook.quota.ReservationBook;
import io.vdi.operator.webhook.quota.Sessions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service: watches, keeps a certificate, answers, stops. */
public final class Webhook implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration NO_CERTIFICATE = Duration.ofMillis(500);
  private static final Duration RELOAD = Duration.ofSeconds(2);
  private static final String REPLICAS = "nvidia.com/gpu.replicas";

  private final KubeApi api;
  private final LiveSettings<WebhookConfig> settings;
  private final Sessions sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<ObjectMetadata> nodes;
  private final ReservationBook book;
  private final Deadline deadline = new Deadline();
  private final ServingCertificate certificate;
  private final CertificateSource certificateSource;
  private final AdmissionRoutes routes;
  private final WebServer server;
  private final ServiceEndpoint endpoint;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile String notReady = "starting";

  /** Everything put together; nothing runs but the health endpoint. */
  Webhook(
      KubeApi api,
      LiveSettings<WebhookConfig> settings,
      MeterRegistry meters,
      InstantSource clock,
      SecureRandom random)
      throws BadConfig {
    WebhookConfig config = settings.current();
    this.api = api;
    this.settings = settings;
    this.sessions = new Sessions(api, clock);
    this.templates = new ResourceCache<>(api, Kind.TEMPLATE, "", clock, change -> {});
    this.nodes = new ResourceCache<>(api, Kind.NODE, REPLICAS, clock, change -> {});
    this.book =
        new ReservationBook(
            api,
            config.namespace(),
            sessions,
            name -> templates.get("", name),
            () -> settings.current().quota(),
            clock,
            System::nanoTime,
            RandomGenerator.getDefault());
    this.certificate = new ServingCertificate(clock);
    this.certificateSource = source(api, config, certificate, random, clock);
    WebhookMetrics metrics = new WebhookMetrics(meters);
    metrics.watch(settings::isValid, certificate::expiryEpochSeconds);
    WatchedConnections connections = new WatchedConnections(config.admission().idleTimeout());
    this.routes =
        new AdmissionRoutes(
            this::mutate,
            this::validate,
            connections,
            config.admission().atOnce(),
            config.admission().readTimeout(),
            metrics::decided);
    this.server = server(config.admission(), connections);
    this.endpoint =
        ServiceEndpoint.start(
            config.host(),
            config.port(),
            new ServiceEndpoint.Health(
                () -> notReady.equals("starting") ? notReady : "", book::stuck, this::whyNotReady),
            meters);
  }

  private static CertificateSource source(
      KubeApi api,
      WebhookConfig config,
      ServingCertificate certificate,
      SecureRandom random,
      InstantSource clock) {
    WebhookConfig.Certificates how = config.certificates();
    return switch (how.mode()) {
      case FILES -> new CertificateFiles(how.folder(), certificate);
      case OWN ->
          OwnAuthority.of(
              api,
              new OwnAuthority.Location(config.namespace(), how.secret(), how.configuration()),
              new OwnAuthority.Lives(how.authorityLife(), how.servingLife(), how.propagation()),
              how.names(),
              certificate,
              random,
              clock);
    };
  }

  private WebServer server(WebhookConfig.Admission how, WatchedConnections connections) {
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

  /** Runs until {@link #close}. */
  void run() throws InterruptedException {
    LOG.info(
        "admission webhook {}: health and metrics on port {}, settings from {}",
        Webhook.class.getPackage().getImplementationVersion(),
        endpoint.port(),
        settings.source());
    say("filling the caches");
    List<ResourceCache<?>> caches = List.of(sessions.cache(), templates, nodes);
    caches.forEach(ResourceCache::start);
    Thread.ofVirtual().name("certificates").start(this::keepCertificate);
    while (!caches.stream().allMatch(ResourceCache::isSynced)
        || !certificate.whyNotReady().isEmpty()) {
      if (closing.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    }
    book.start();
    server.start();
    notReady = "";
    LOG.info("ready: answering on port {}", server.port());
    settings.watch(RELOAD, changed -> {});
    closing.await();
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
    return answered(() -> Decider.mutate(request, view()));
  }

  private static Decision answered(Supplier<Decision> decision) {
    try {
      return decision.get();
    } catch (Deadline.Missed e) {
      return new Decision.Deny(
          503, "cannot be decided now, try again: " + e.getMessage(), List.of());
    }
  }

  private Decision validate(AdmissionRequest request) {
    return answered(() -> judged(request));
  }

  private Decision judged(AdmissionRequest request) {
    WebhookConfig config = settings.current();
    return switch (Decider.validate(request, view(), config.policy())) {
      case Decision.AllowIfItFits wish -> fit(request, wish, config);
      case Decision.Allow allow -> allow;
      case Decision.Deny deny -> deny;
    };
  }

  private Decision fit(
      AdmissionRequest request, Decision.AllowIfItFits wish, WebhookConfig config) {
    if (!config.quota().concerns(wish.asked())) {
      return Decision.Allow.unchanged(wish.warnings());
    }
    boolean queue = config.quota().mode() == Quota.Mode.QUEUE;
    // An id that a session bears already names no new request: nothing would ever be seen of it.
    String id = wish.id().filter(stamp -> !sessions.hasSeen(stamp)).orElse(request.uid());
    try {
      return switch (book.reserve(
          id, wish.asked(), !request.dryRun(), config.admission().deadline())) {
        case ReservationBook.Outcome.Granted() -> Decision.Allow.unchanged(wish.warnings());
        case ReservationBook.Outcome.Exceeded(List<Excess> limits) -> {
          String words = Excess.message(limits);
          List<String> warnings = new ArrayList<>(wish.warnings());
          if (queue) {
            warnings.add(words + "; the session waits in line");
          }
          yield queue
              ? Decision.Allow.unchanged(warnings)
              : new Decision.Deny(403, words, warnings);
        }
        case ReservationBook.Outcome.Undecided(String why) ->
            new Decision.Deny(
                503, "quotas cannot be looked at now, try again: " + why, wish.warnings());
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Decision.Deny(503, "the webhook is stopping, try again", wish.warnings());
    }
  }

  private View view() {
    return new View(
        this::template,
        name ->
            deadline.within(settings.current().admission().deadline(), () -> sessions.using(name)),
        nodes.list().stream().anyMatch(Webhook::isTimeSliced));
  }

  /** One that was made a moment ago may not be in the cache yet: nobody is refused for that. */
  private Optional<VdiTemplate> template(String name) {
    Optional<VdiTemplate> cached = templates.get("", name);
    return cached.isPresent() || !name.matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
        ? cached
        : deadline.within(
            settings.current().admission().deadline(),
            () -> {
              ApiResult<VdiTemplate> live = api.get(Kind.TEMPLATE, "", name);
              return live.isNotFound() ? Optional.empty() : Optional.of(live.orElseThrow());
            });
  }

  /** By the label of NVIDIA's feature discovery. */
  private static boolean isTimeSliced(ObjectMetadata node) {
    return node.metadata()
        .label(REPLICAS)
        .filter(n -> !n.equals("0") && !n.equals("1"))
        .isPresent();
  }

  private void say(String reason) {
    notReady = reason;
    LOG.info("not ready: {}", reason);
  }

  private String whyNotReady() {
    String trouble = certificate.whyNotReady();
    if (!trouble.isEmpty()) {
      return "certificate: " + trouble;
    }
    return List.of(sessions.cache(), templates, nodes).stream()
        .filter(cache -> !cache.trouble().isEmpty())
        .findFirst()
        .map(cache -> "watching " + cache.kind().fullName() + ": " + cache.trouble())
        .orElse(notReady);
  }

  boolean isReady() {
    return whyNotReady().isEmpty();
  }

  /** Sends its clients elsewhere, takes no more work, finishes what is under way. */
  @Override
  public void close() {
    notReady = "stopping";
    routes.leave();
    try {
      // Nobody tells when the last node has learnt that this pod is no longer one to be asked.
      TimeUnit.NANOSECONDS.sleep(settings.current().admission().drain().toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closing.countDown();
    settings.close();
    server.stop();
    book.close();
    sessions.close();
    templates.close();
    nodes.close();
    endpoint.close();
    api.close();
    LOG.info("stopped");
  }
}
