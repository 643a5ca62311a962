package io.vdi.operator.reaper;

import com.google.gson.JsonObject;
import io.helidon.http.HeaderValues;
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
import io.vdi.operator.reaper.execution.DeletionRateLimiter;
import io.vdi.operator.reaper.execution.ObjectKey;
import io.vdi.operator.reaper.execution.OrphanReaper;
import io.vdi.operator.reaper.execution.OrphanScan;
import io.vdi.operator.reaper.execution.ReapConfig;
import io.vdi.operator.reaper.execution.ReaperReport;
import io.vdi.operator.reaper.execution.SessionReaper;
import io.vdi.operator.reaper.execution.SessionStateReader;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service: watches, elects, judges, stops. */
public final class Reaper implements Service, ActivityMonitor.Listener {
  /** For {@link ServiceRuntime}. */
  public static final ServiceDefinition<ReaperConfig> SERVICE =
      new ServiceDefinition<>("reaper", ReaperConfig::from, Map.of(), Reaper::new);

  private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
  private static final int OBJECTS_AT_ONCE = 4;

  /** An API server that was away is tried again soon: an expiry waits for it. */
  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

  /** Time for the work in progress after SIGTERM; docs/specification.md, section 6. */
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
  private final BooleanSupplier mayWrite;
  private final EventRecorder events;
  private final ReaperReport findings = new ReaperReport();
  private final ActivityMonitor activity;
  private final SessionReaper sessionReaper;
  private final WorkerPool<SessionKey> sessionLoop;
  private final WorkerPool<ObjectKey> objectLoop;
  private final OrphanScan sweep;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile boolean elected;
  private volatile Optional<Instant> lastSweep = Optional.empty();

  private Reaper(ServiceContext<ReaperConfig> context) {
    this.api = context.api();
    this.settings = context.config();
    this.mayWrite = context.mayWrite();
    InstantSource ownClock = context.clock();
    ReaperConfig config = settings.current();
    this.clock = new ApiServerClock(ownClock);
    this.metrics = new ReaperMetrics(context.meters());
    this.sessionQueue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.objectQueue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.sessions =
        new ResourceCache<>(api, ResourceType.SESSION, "", ownClock, this::sessionChanged);
    this.templates =
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", ownClock, this::templateChanged);
    this.pods =
        new ResourceCache<>(
            api, ResourceType.POD, Labels.MANAGED_SELECTOR, ownClock, this::podChanged);
    this.events = new EventRecorder(api, "vdi-reaper", clock);
    this.activity =
        new ActivityMonitor(
            api,
            sessions,
            templates,
            pods,
            () -> settings.current().activity(),
            config.desktopsAtOnce(),
            mayWrite,
            this,
            clock);
    Supplier<ReapConfig> policy = () -> settings.current().policy();
    DeletionRateLimiter budget = new DeletionRateLimiter(System::nanoTime);
    this.sessionReaper =
        new SessionReaper(
            api,
            new SessionStateReader(api, sessions, templates, pods, activity::of),
            policy,
            mayWrite,
            budget,
            events,
            findings,
            metrics,
            clock);
    OrphanReaper objectReaper =
        new OrphanReaper(api, policy, mayWrite, budget, findings, metrics, clock);
    this.sessionLoop =
        new WorkerPool<>("session", sessionQueue, config.workers(), sessionReaper::look, ownClock);
    this.objectLoop =
        new WorkerPool<>("object", objectQueue, OBJECTS_AT_ONCE, objectReaper::look, ownClock);
    this.sweep = new OrphanScan(api, sessions, sessionQueue::add, objectQueue::add, mayWrite);
    metrics.watch(
        findings,
        () -> sessionQueue.depth() + objectQueue.depth(),
        sessionReaper.brake()::isEngaged,
        () -> clock.offset().toMillis() / 1000.0,
        mayWrite,
        settings::isValid);
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return List.of(sessions, templates, pods);
  }

  @Override
  public void connected() {
    clock.measure(api);
  }

  @Override
  public void configChanged() {
    rulesChanged();
  }

  @Override
  public void elected() {
    elected = true;
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
  public void asked(boolean answered) {
    metrics.asked(answered);
  }

  @Override
  public void silent(VdiSession session, String why) {
    if (mayWrite.getAsBoolean() && !settings.current().policy().dryRun()) {
      events.record(
          session,
          true,
          "ActivityUnknown",
          "whether anybody is connected cannot be told, so it is not idle: " + why);
    }
  }

  @Override
  public void learned(SessionKey session) {
    sessionQueue.add(session);
  }

  /** {@code /report}: what ends soon, what should be gone, who has no owner; as JSON. */
  @Override
  public void pages(HttpRouting.Builder routing) {
    routing.get(
        "/report",
        (request, response) ->
            response.header(HeaderValues.CONTENT_TYPE_JSON).send(report().toString()));
  }

  private JsonObject report() {
    JsonObject report = new JsonObject();
    ReapConfig policy = settings.current().policy();
    report.addProperty("time", clock.instant().toString());
    report.addProperty("leader", mayWrite.getAsBoolean());
    report.addProperty("dryRun", policy.dryRun());
    report.addProperty("brake", sessionReaper.brake().why());
    lastSweep.ifPresent(at -> report.addProperty("lastSweep", at.toString()));
    report.addProperty("sessions", sessions.list().size());
    findings.json().entrySet().forEach(entry -> report.add(entry.getKey(), entry.getValue()));
    return report;
  }

  @Override
  public Optional<String> livenessError() {
    return sessionLoop
        .stuck()
        .map(Object::toString)
        .or(() -> objectLoop.stuck().map(Object::toString))
        .or(() -> activity.stuck().map(key -> "the desktop of " + key))
        .map(what -> "a worker is stuck on " + what);
  }

  @Override
  public void stop() throws InterruptedException {
    closing.countDown();
    if (elected) {
      activity.close();
      if (!sessionLoop.stop(PATIENCE) || !objectLoop.stop(PATIENCE)) {
        LOG.warn("some work was still in progress after {} s", PATIENCE.toSeconds());
      }
    }
    events.close();
  }
}
