package io.vdi.operator.controller;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeApi;
import io.vdi.operator.common.kube.Permissions;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.lead.LedService;
import io.vdi.operator.common.loop.Backoff;
import io.vdi.operator.common.loop.ControlLoop;
import io.vdi.operator.common.loop.KeyedQueue;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.service.BadConfig;
import io.vdi.operator.common.service.LiveSettings;
import io.vdi.operator.common.service.ServiceEndpoint;
import io.vdi.operator.controller.apply.Applier;
import io.vdi.operator.controller.apply.Secrets;
import io.vdi.operator.controller.objects.Blueprints;
import java.time.Duration;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service: watches, elects, works, stops. */
public final class Controller implements LedService.Stations, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
  private static final Duration RELOAD = Duration.ofSeconds(2);

  /** What under way is finished within this time after SIGTERM, spec.md section 6. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final KubeApi api;
  private final LiveSettings<ControllerConfig> settings;
  private final KeyedQueue<SessionKey> queue;
  private final Blueprints blueprints = new Blueprints();
  private final HostRegistry hosts = new HostRegistry();
  private final StatusPace pace = new StatusPace();
  private final InstantSource clock;
  private final QuotaGate quota;
  private final Newcomers newcomers;
  private final DriftSchedule drift;
  private final Caches caches;
  private final TemplateUsage usage;
  private final TraefikDefinitions traefik;
  private final EventRecorder events;
  private final LedService life;
  private final SessionGatherer gatherer;
  private final ControlLoop<SessionKey> loop;
  private final ServiceEndpoint endpoint;

  /**
   * Everything put together; nothing runs but the health endpoint.
   *
   * @param identity names this process among candidates for the Lease
   * @param random for passwords: a SecureRandom outside of tests
   */
  Controller(
      KubeApi api,
      LiveSettings<ControllerConfig> settings,
      MeterRegistry meters,
      String identity,
      InstantSource clock,
      RandomGenerator random)
      throws BadConfig {
    ControllerConfig config = settings.current();
    this.api = api;
    this.settings = settings;
    this.queue = new KeyedQueue<>(Backoff.STANDARD, RandomGenerator.getDefault());
    this.clock = clock;
    this.newcomers = new Newcomers(config.workers());
    this.drift = new DriftSchedule(RandomGenerator.getDefault());
    this.caches =
        Caches.of(
            api,
            clock,
            new Caches.Listeners(
                this::sessionChanged, this::templateChanged, this::podChanged, this::childChanged));
    this.quota = new QuotaGate(caches, () -> settings.current().quota(), clock, meters);
    this.usage = new TemplateUsage(api, caches);
    this.traefik = new TraefikDefinitions(api, caches, this::addAll);
    this.events = new EventRecorder(api, "vdi-controller", clock);
    this.life = new LedService(api, caches.always(), config.election(), identity, clock);
    this.gatherer =
        new SessionGatherer(caches, hosts, () -> settings.current().plan(), traefik::served);
    ControllerMetrics metrics = new ControllerMetrics(meters);
    SessionReconciler reconciler =
        new SessionReconciler(
            caches,
            gatherer,
            blueprints,
            new Applier(api, caches, new Secrets(random), life::mayWrite),
            quota,
            newcomers,
            pace,
            drift,
            events,
            metrics,
            settings::current,
            clock);
    this.loop = new ControlLoop<>("session", queue, config.workers(), reconciler::reconcile, clock);
    metrics.watch(caches, queue, life::mayWrite, settings::isValid);
    this.endpoint =
        ServiceEndpoint.start(
            config.host(),
            config.port(),
            new ServiceEndpoint.Health(
                life::whyNotStarted,
                () -> loop.stuck().map(key -> "a worker is stuck on " + key).orElse(""),
                life::whyNotReady),
            meters);
  }

  /** Runs until {@link #close}, or until the Lease is lost. */
  LedService.End run() throws InterruptedException {
    LOG.info(
        "controller {}: health and metrics on port {}, settings from {}",
        Controller.class.getPackage().getImplementationVersion(),
        endpoint.port(),
        settings.source());
    return life.run(this);
  }

  @Override
  public void connected() throws InterruptedException {
    Thread.ofVirtual()
        .name("rights")
        .start(() ->
            Permissions.report(
                api, Rights.needed(settings.current()), "ClusterRole vdi-controller"));
    traefik.start();
  }

  @Override
  public void ready() {
    LOG.info("ready: {} sessions", caches.sessions().list().size());
    settings.watch(RELOAD, changed -> addAll());
  }

  @Override
  public void elected() {
    gatherer.takeOverHosts();
    loop.start();
    usage.start();
    addAll();
  }

  /** The port of health and metrics. */
  int port() {
    return endpoint.port();
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    if (change.now().isEmpty()) {
      hosts.release(session.uid());
      blueprints.forget(session.uid());
      pace.forget(session.uid());
      drift.forget(session.uid());
      quota.forget(session.uid());
    }
    if (change.before().isPresent() && change.concerns(VdiSession::spec)) {
      // It has gone, is suspended, or wants less: others in line may move up.
      quota.due().forEach(queue::add);
    }
    if (change.now().isEmpty() || change.before().isEmpty()) {
      usage.changed();
    }
    SessionKey key = SessionKey.of(session);
    if (change.before().isEmpty()) {
      newcomers.arrived(key, clock.instant());
    }
    queue.add(key);
  }

  /** A template that appears, changes or goes concerns every session that names it. */
  private void templateChanged(ResourceCache.Change<VdiTemplate> change) {
    usage.changed();
    if (!change.concerns(VdiTemplate::spec)) {
      return;
    }
    String name = change.object().name();
    caches.sessions().list().stream()
        .filter(session -> session.spec().template().equals(name))
        .forEach(session -> queue.add(SessionKey.of(session)));
  }

  /** A pod that has gone, or will never run again, may have made room for those in line. */
  private void podChanged(ResourceCache.Change<Pod> change) {
    childChanged(change.object());
    if (change.now().filter(pod -> !pod.isFinished()).isEmpty()) {
      quota.due().forEach(queue::add);
    }
  }

  private void childChanged(Resource child) {
    child
        .metadata()
        .label(Names.INSTANCE)
        .ifPresent(session -> queue.add(new SessionKey(child.namespace(), session)));
  }

  private void addAll() {
    caches.sessions().list().forEach(session -> queue.add(SessionKey.of(session)));
  }

  /** Takes no more work, finishes what is under way, gives the Lease back. */
  @Override
  public void close() {
    life.stop();
    settings.close();
    traefik.close();
    usage.close();
    try {
      if (life.hasWorked() && !loop.stop(PATIENCE)) {
        LOG.warn("some work was still under way after {} s", PATIENCE.toSeconds());
      }
      events.close();
      life.release();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    caches.close();
    endpoint.close();
    api.close();
    LOG.info("stopped");
  }
}
