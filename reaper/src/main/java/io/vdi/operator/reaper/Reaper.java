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
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notices;
import io.vdi.operator.reaper.activity.ActivityMonitor;
import io.vdi.operator.reaper.activity.LoadMonitor;
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
import io.vdi.operator.reaper.notice.NoticeListener;
import io.vdi.operator.reaper.notice.Notifier;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.runtime.ApiServerClock;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.leader.FormerLeader;
import io.vdi.operator.runtime.schedule.Periodic;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the reaper: caches, queues, workers, the periodic scan, and {@code /report}. */
public final class Reaper
    implements Service, ActivityMonitor.Listener, LoadMonitor.Listener, NoticeListener {
  /** For {@link ServiceRuntime}. */
  public static final ServiceDefinition<ReaperConfig> SERVICE =
      new ServiceDefinition<>("reaper", ReaperConfig::from, ReaperConfig.RENAMED_KEYS, Reaper::new);

  private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
  private static final int OBJECT_WORKERS = 4;

  /** Short, so that sessions end soon after an outage of the API server. */
  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

  /** Time for the work in progress after SIGTERM; docs/specification.md, section 6. */
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

  private final KubeClient api;
  private final ReloadableConfig<ReaperConfig> config;
  private final ApiServerClock clock;
  private final ReaperMetrics metrics;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final WorkQueue<SessionKey> sessionQueue;
  private final WorkQueue<ObjectKey> objectQueue;
  private final BooleanSupplier mayWrite;
  private final EventRecorder events;
  private final ReaperReport report = new ReaperReport();
  private final LoadMonitor load;
  private final ActivityMonitor activity;
  private final MassDeletionGuard guard;
  private final SessionReaper sessionReaper;
  private final WorkerPool<SessionKey> sessionWorkers;
  private final WorkerPool<ObjectKey> objectWorkers;
  private final Notifier notifier;
  private final OrphanScan orphanScan;
  private final Periodic scans;
  private volatile boolean elected;
  private volatile Optional<Instant> lastScan = Optional.empty();
  private String loggedReport = "";

  private Reaper(ServiceContext<ReaperConfig> context) {
    this.api = context.api();
    this.config = context.config();
    this.mayWrite = context.mayWrite();
    InstantSource nodeClock = context.clock();
    ReaperConfig initial = config.current();
    WatchedNamespaces namespaces = initial.watchedNamespaces();
    this.clock = context.apiServerClock();
    this.metrics = new ReaperMetrics(context.meters(), clock);
    this.sessionQueue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.objectQueue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.sessions =
        new ResourceCache<>(
            api, namespaces, ResourceType.SESSION, "", nodeClock, this::sessionChanged);
    this.templates =
        new ResourceCache<>(api, ResourceType.TEMPLATE, "", nodeClock, this::templateChanged);
    this.pods =
        new ResourceCache<>(
            api,
            namespaces,
            ResourceType.POD,
            Labels.MANAGED_SELECTOR,
            nodeClock,
            this::podChanged);
    this.events = new EventRecorder(api, "vdi-reaper", clock);
    this.load =
        new LoadMonitor(api, sessions, templates, pods, () -> config.current().load(), this, clock);
    this.activity =
        new ActivityMonitor(
            api,
            sessions,
            templates,
            pods,
            load::of,
            () -> config.current().activity(),
            mayWrite,
            this,
            clock);
    Supplier<RetentionConfig> retention = () -> config.current().retention();
    Supplier<DeletionConfig> deletion = () -> config.current().deletion();
    SessionEvaluator evaluator =
        new SessionEvaluator(
            new SessionStateReader(api, sessions, templates, pods),
            activity::of,
            retention,
            () -> config.current().deletion().dryRun(),
            clock);
    this.guard = new MassDeletionGuard(evaluator::expirySnapshot, System::nanoTime);
    Deleter deleter = new Deleter(api, mayWrite, new DeletionRateLimiter(System::nanoTime));
    this.sessionReaper =
        new SessionReaper(sessions, evaluator, guard, deleter, deletion, events, report, metrics);
    OrphanReaper orphanReaper =
        new OrphanReaper(api, deleter, retention, deletion, report, metrics, clock);
    this.sessionWorkers =
        new WorkerPool<>("session", sessionQueue, initial.workers(), this::reconcile, nodeClock);
    this.objectWorkers =
        new WorkerPool<>("object", objectQueue, OBJECT_WORKERS, orphanReaper::reconcile, nodeClock);
    this.notifier =
        new Notifier(api, initial.namespace(), initial.notices(), mayWrite, this, clock);
    this.orphanScan =
        new OrphanScan(api, namespaces, sessions, sessionQueue::add, objectQueue::add, mayWrite);
    this.scans = new Periodic("scan", () -> config.current().sweepInterval(), this::scan);
    metrics.watch(
        report,
        () -> sessionQueue.depth() + objectQueue.depth(),
        guard::isEngaged,
        load::unknown,
        () -> clock.offset().toMillis() / 1000.0,
        mayWrite,
        config::isValid);
    metrics.watchNotices(notifier);
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return List.of(sessions, templates, pods);
  }

  @Override
  public void configChanged() {
    sessionReaper.rulesChanged();
    sessions.list().forEach(session -> sessionQueue.add(SessionKey.of(session)));
  }

  @Override
  public void elected(FormerLeader former) {
    elected = true;
    notifier.start();
    sessionWorkers.start();
    objectWorkers.start();
    load.start();
    activity.start();
    sessions.list().forEach(activity::changed);
    scans.start();
  }

  private void scan() {
    clock.measure(api);
    orphanScan.run();
    lastScan = Optional.of(clock.instant());
    String table = report.table();
    if (!table.equals(loggedReport)) {
      LOG.info("report:\n{}", table);
      loggedReport = table;
    }
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    if (change.now().isPresent()) {
      activity.changed(session);
    } else if (announces()) {
      notifier.deleted(session);
    }
    sessionQueue.add(SessionKey.of(session));
  }

  /** Whatever becomes due for a session, its key is in the queue at that time. */
  private WorkerPool.ReconcileResult reconcile(SessionKey key) {
    WorkerPool.ReconcileResult result = sessionReaper.reconcile(key);
    if (announces()) {
      sessions.get(key.namespace(), key.name()).ifPresent(this::observe);
    }
    return result;
  }

  private void observe(VdiSession session) {
    notifier.observe(
        session,
        new Notices.Observed(
            templates.get("", session.spec().template()),
            pods.get(session.namespace(), session.name()),
            activity.of(session) instanceof Activity.Idle(Instant since, Instant _)
                ? Optional.of(since)
                : Optional.empty()),
        config.current().retention().warningBefore());
  }

  /** A dry run ends nothing, so it announces nothing. */
  private boolean announces() {
    return mayWrite.getAsBoolean() && !config.current().deletion().dryRun();
  }

  @Override
  public void settled(String sink, Notice notice, NoticeListener.Outcome outcome, String why) {
    metrics.noticeSettled(sink, notice.kind(), outcome);
    if (outcome == NoticeListener.Outcome.DELIVERED) {
      LOG.info("{}: notice {} sent to {}", notice.session(), notice.kind().text(), sink);
      return;
    }
    String message =
        "the notice %s was not delivered to %s: %s".formatted(notice.kind().text(), sink, why);
    LOG.warn("{}: {}", notice.session(), message);
    sessions
        .get(notice.session().namespace(), notice.session().name())
        .filter(session -> session.uid().equals(notice.uid()))
        .ifPresent(session -> events.record(session, true, "NoticeNotDelivered", message));
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

  @Override
  public void probed(boolean answered) {
    metrics.probed(answered);
  }

  @Override
  public void activityUnknown(VdiSession session, String reason) {
    warn(
        session,
        "ActivityUnknown",
        "cannot determine whether a client uses the desktop; treating it as used: " + reason);
  }

  @Override
  public void scraped(LoadMonitor.Source source, boolean answered) {
    metrics.scraped(source, answered);
  }

  @Override
  public void loadUnknown(VdiSession session, String reason) {
    warn(
        session,
        "LoadUnknown",
        "cannot determine the CPU or GPU usage of the desktop; treating the session as busy: "
            + reason);
  }

  private void warn(VdiSession session, String reason, String message) {
    if (announces()) {
      events.record(session, true, reason, message);
    }
  }

  @Override
  public void loadChanged(SessionKey session) {
    sessionQueue.add(session);
  }

  @Override
  public void activityChanged(SessionKey session) {
    sessionQueue.add(session);
  }

  /** Serves {@code /report}; docs/operations.md describes it. */
  @Override
  public void pages(HttpRouting.Builder routing) {
    routing.get(
        "/report",
        (request, response) ->
            response.header(HeaderValues.CONTENT_TYPE_JSON).send(reportJson().toString()));
  }

  private JsonObject reportJson() {
    JsonObject json = new JsonObject();
    json.addProperty("time", clock.instant().toString());
    json.addProperty("leader", mayWrite.getAsBoolean());
    json.addProperty("dryRun", config.current().deletion().dryRun());
    json.addProperty("brake", guard.reason());
    lastScan.ifPresent(time -> json.addProperty("lastSweep", time.toString()));
    json.addProperty("sessions", sessions.list().size());
    report.json().entrySet().forEach(entry -> json.add(entry.getKey(), entry.getValue()));
    return json;
  }

  @Override
  public Optional<String> livenessError() {
    return sessionWorkers
        .stuck()
        .map(Object::toString)
        .or(() -> objectWorkers.stuck().map(Object::toString))
        .or(() -> activity.stuck().map(key -> "the desktop of " + key))
        .or(() -> load.stuck().map(node -> "the load of node " + node))
        .map(what -> "a worker is stuck on " + what);
  }

  @Override
  public void stop() throws InterruptedException {
    scans.close();
    if (elected) {
      activity.close();
      load.close();
      if (!sessionWorkers.stop(STOP_TIMEOUT) || !objectWorkers.stop(STOP_TIMEOUT)) {
        LOG.warn("some work is still in progress after {} s", STOP_TIMEOUT.toSeconds());
      }
      notifier.close();
    }
    events.close();
  }
}
