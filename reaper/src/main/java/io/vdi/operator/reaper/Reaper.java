package io.vdi.operator.reaper;

import com.google.gson.JsonObject;
import io.helidon.http.HeaderValues;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.webserver.http.HttpRouting;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.activity.ActivityMonitor;
import io.vdi.operator.reaper.execution.Deleter;
import io.vdi.operator.reaper.execution.DeletionConfig;
import io.vdi.operator.reaper.execution.DeletionRateLimiter;
import io.vdi.operator.reaper.execution.MassDeletionGuard;
import io.vdi.operator.reaper.execution.ObjectKey;
import io.vdi.operator.reaper.execution.OrphanReaper;
import io.vdi.operator.reaper.execution.OrphanScan;
import io.vdi.operator.reaper.execution.ReaperReport;
import io.vdi.operator.reaper.execution.SessionEvaluator;
import io.vdi.operator.reaper.execution.SessionReaper;
import io.vdi.operator.reaper.execution.SessionStateReader;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.runtime.ObserveServer;
import io.vdi.operator.runtime.RequiredPermissions;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service: watches, elects, judges, stops. */
public final class Reaper
    implements ServiceRuntime.Lifecycle, ActivityMonitor.Listener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
  private static final Duration RELOAD = Duration.ofSeconds(2);
  private static final int OBJECTS_AT_ONCE = 4;

  /** An API server that was away is tried again soon: an expiry waits for it. */
  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

  /** What is under way is finished within this time after SIGTERM, spec.md section 6. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final KubeClient api;
  private final ReloadableConfig<ReaperConfig> settings;
  private final ApiServerClock clock;
  private final ReaperMetrics metrics;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final WorkQueue<SessionKey> sessionQueue;
  private final WorkQueue<ObjectKey> objectQueue;
  private final ServiceRuntime life;
  private final EventRecorder events;
  private final ReaperReport findings = new ReaperReport();
  private final ActivityMonitor activity;
  private final MassDeletionGuard guard;
  private final SessionReaper sessionReaper;
  private final WorkerPool<SessionKey> sessionLoop;
  private final WorkerPool<ObjectKey> objectLoop;
  private final OrphanScan sweep;
  private final ObserveServer endpoint;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Optional<Instant> lastSweep = Optional.empty();

  /**
   * Everything put together; nothing runs but the health endpoint.
   *
   * @param identity names this process among candidates for the Lease
   */
  Reaper(
      KubeClient api,
      ReloadableConfig<ReaperConfig> settings,
      MeterRegistry meters,
      String identity,
      InstantSource ownClock)
      throws InvalidConfigException {
    ReaperConfig config = settings.current();
    this.api = api;
    this.settings = settings;
    this.clock = new ApiServerClock(ownClock);
    this.metrics = new ReaperMetrics(meters, clock);
    this.sessionQueue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.objectQueue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.sessions =
        new ResourceCache<>(api, ResourceType.SESSION, "", ownClock, this::sessionChanged);
    this.templates =
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", ownClock, this::templateChanged);
    this.pods =
        new ResourceCache<>(
            api, ResourceType.POD, Labels.MANAGED_SELECTOR, ownClock, this::podChanged);
    this.life =
        new ServiceRuntime(
            api, List.of(sessions, templates, pods), config.election(), identity, ownClock);
    this.events = new EventRecorder(api, "vdi-reaper", clock);
    this.activity =
        new ActivityMonitor(
            api,
            sessions,
            templates,
            pods,
            () -> settings.current().activity(),
            life::mayWrite,
            this,
            clock);
    Supplier<RetentionConfig> retention = () -> settings.current().retention();
    Supplier<DeletionConfig> deletion = () -> settings.current().deletion();
    SessionEvaluator evaluator =
        new SessionEvaluator(
            new SessionStateReader(api, sessions, templates, pods), activity::of, retention, clock);
    this.guard = new MassDeletionGuard(evaluator::expirySnapshot, System::nanoTime);
    Deleter deleter = new Deleter(api, life::mayWrite, new DeletionRateLimiter(System::nanoTime));
    this.sessionReaper =
        new SessionReaper(sessions, evaluator, guard, deleter, deletion, events, findings, metrics);
    OrphanReaper orphanReaper =
        new OrphanReaper(api, deleter, retention, deletion, findings, metrics, clock);
    this.sessionLoop =
        new WorkerPool<>(
            "session", sessionQueue, config.workers(), sessionReaper::reconcile, ownClock);
    this.objectLoop =
        new WorkerPool<>("object", objectQueue, OBJECTS_AT_ONCE, orphanReaper::reconcile, ownClock);
    this.sweep = new OrphanScan(api, sessions, sessionQueue::add, objectQueue::add, life::mayWrite);
    metrics.watch(
        findings,
        () -> sessionQueue.depth() + objectQueue.depth(),
        guard::isEngaged,
        () -> clock.offset().toMillis() / 1000.0,
        life::mayWrite,
        settings::isValid);
    this.endpoint =
        ObserveServer.start(
            config.host(),
            config.port(),
            new ObserveServer.HealthSources(
                life::whyNotStarted, this::whyNotLive, life::whyNotReady),
            meters,
            this::pages);
  }

  /** Runs until {@link #close}, or until the Lease is lost. */
  ServiceRuntime.ExitReason run() throws InterruptedException {
    LOG.info(
        "reaper {}: health, metrics and report on port {}, settings from {}",
        Reaper.class.getPackage().getImplementationVersion(),
        endpoint.port(),
        settings.source());
    return life.run(this);
  }

  @Override
  public void connected() {
    Thread.ofVirtual()
        .name("rights")
        .start(() ->
            RequiredPermissions.report(
                api,
                ReaperPermissions.needed(settings.current().election()),
                "ClusterRole vdi-reaper"));
    clock.measure(api);
  }

  @Override
  public void ready() {
    LOG.info("ready: {} sessions", sessions.list().size());
    settings.watch(RELOAD, changed -> rulesChanged());
  }

  @Override
  public void elected() {
    sessionLoop.start();
    objectLoop.start();
    activity.start();
    sessions.list().forEach(activity::changed);
    Thread.ofVirtual().name("sweep").start(this::sweep);
  }

  private void sweep() {
    String shown = "";
    try {
      do {
        try {
          clock.measure(api);
          sweep.run();
          lastSweep = Optional.of(clock.instant());
          String table = findings.table();
          if (!table.equals(shown)) {
            LOG.info("report:\n{}", table);
            shown = table;
          }
        } catch (RuntimeException e) {
          LOG.error("a sweep failed; the next one comes", e);
        }
      } while (!closing.await(
          settings.current().sweepInterval().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    if (change.now().isPresent()) {
      activity.changed(session);
    }
    sessionQueue.add(SessionKey.of(session));
  }

  private void templateChanged(ResourceCache.Change<VdiTemplate> change) {
    if (change.concerns(VdiTemplate::spec)) {
      sessionReaper.rulesChanged();
      String name = change.object().name();
      sessions.list().stream()
          .filter(session -> session.spec().template().equals(name))
          .forEach(session -> {
            activity.changed(session);
            sessionQueue.add(SessionKey.of(session));
          });
    }
  }

  private void podChanged(ResourceCache.Change<Pod> change) {
    Pod pod = change.object();
    pod.metadata()
        .label(Labels.INSTANCE)
        .ifPresent(session -> sessionQueue.add(new SessionKey(pod.namespace(), session)));
  }

  private void rulesChanged() {
    sessionReaper.rulesChanged();
    sessions.list().forEach(session -> sessionQueue.add(SessionKey.of(session)));
  }

  @Override
  public void probed(boolean answered) {
    metrics.probed(answered);
  }

  @Override
  public void activityUnknown(VdiSession session, String reason) {
    if (life.mayWrite() && !settings.current().deletion().dryRun()) {
      events.record(
          session,
          true,
          "ActivityUnknown",
          "cannot determine whether a client is connected; treating the session as active: "
              + reason);
    }
  }

  @Override
  public void activityChanged(SessionKey session) {
    sessionQueue.add(session);
  }

  /** {@code /report}: what ends soon, what should be gone, who has no owner; as JSON. */
  private void pages(HttpRouting.Builder routing) {
    routing.get(
        "/report",
        (request, response) ->
            response.header(HeaderValues.CONTENT_TYPE_JSON).send(report().toString()));
  }

  private JsonObject report() {
    JsonObject report = new JsonObject();
    report.addProperty("time", clock.instant().toString());
    report.addProperty("leader", life.mayWrite());
    report.addProperty("dryRun", settings.current().deletion().dryRun());
    report.addProperty("brake", guard.reason());
    lastSweep.ifPresent(at -> report.addProperty("lastSweep", at.toString()));
    report.addProperty("sessions", sessions.list().size());
    findings.json().entrySet().forEach(entry -> report.add(entry.getKey(), entry.getValue()));
    return report;
  }

  private String whyNotLive() {
    return sessionLoop
        .stuck()
        .map(Object::toString)
        .or(() -> objectLoop.stuck().map(Object::toString))
        .or(() -> activity.stuck().map(key -> "the desktop of " + key))
        .map(what -> "a worker is stuck on " + what)
        .orElse("");
  }

  int port() {
    return endpoint.port();
  }

  /** Takes no more work, finishes what is under way, gives the Lease back. */
  @Override
  public void close() {
    closing.countDown();
    life.stop();
    settings.close();
    try {
      if (life.hasWorked()) {
        activity.close();
        if (!sessionLoop.stop(PATIENCE) || !objectLoop.stop(PATIENCE)) {
          LOG.warn("some work was still under way after {} s", PATIENCE.toSeconds());
        }
      }
      events.close();
      life.release();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List.of(sessions, templates, pods).forEach(ResourceCache::close);
    endpoint.close();
    api.close();
    LOG.info("stopped");
  }
}
