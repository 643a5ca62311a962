package io.vdi.operator.reaper.activity;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.Load;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the desktops of Running sessions for their connected clients, up to {@code
 * activity.maxConcurrentRequests} concurrently. It remembers the answers, writes {@code
 * status.lastActivityTime}, and protects the pods of desktops in use ({@link
 * DisruptionProtection}).
 */
public final class ActivityMonitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ActivityMonitor.class);

  /** The minimum number of probes within one idle timeout. */
  private static final int PROBES_PER_IDLE_TIMEOUT = 4;

  private static final Duration MIN_RETRY_INTERVAL = Duration.ofMillis(500);

  /** How often a desktop is asked that has been idle for long enough and is not yet deleted. */
  private static final Duration OVERDUE_INTERVAL = Duration.ofSeconds(5);

  /** A single failed probe is not reported. */
  private static final int FAILURES_TO_REPORT = 2;

  /** Receives the results, for Events, metrics and the session queue. */
  public interface Listener {
    /** A desktop was asked. */
    void probed(boolean answered);

    /** A desktop does not show any more whether it is used. Called once until it does. */
    void activityUnknown(VdiSession session, String reason);

    /** The activity of a session has changed, or its idle timeout is reached. */
    void activityChanged(SessionKey session);
  }

  private final KubeClient api;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final Function<VdiSession, Load> load;
  private final Supplier<ActivityConfig> config;
  private final BooleanSupplier mayWrite;
  private final Listener listener;
  private final InstantSource clock;
  private final WorkQueue<SessionKey> queue;
  private final WorkerPool<SessionKey> workers;
  private final DesktopClient desktops = new DesktopClient();
  private final Map<String, ActivityHistory> histories = new ConcurrentHashMap<>();
  private final Map<String, String> passwords = new ConcurrentHashMap<>();

  /** The UIDs of the sessions whose desktops are asked. */
  private final Map<SessionKey, String> monitored = new ConcurrentHashMap<>();

  /**
   * @param load of a session; see {@link LoadMonitor#of}
   * @param mayWrite whether this replica may write; asked before each write
   */
  public ActivityMonitor(
      KubeClient api,
      ResourceCache<VdiSession> sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<Pod> pods,
      Function<VdiSession, Load> load,
      Supplier<ActivityConfig> config,
      BooleanSupplier mayWrite,
      Listener listener,
      InstantSource clock) {
    this.api = api;
    this.sessions = sessions;
    this.templates = templates;
    this.pods = pods;
    this.load = load;
    this.config = config;
    this.mayWrite = mayWrite;
    this.listener = listener;
    this.clock = clock;
    this.queue = new WorkQueue<>(Backoff.STANDARD, RandomGenerator.getDefault());
    this.workers =
        new WorkerPool<>(
            "desktop", queue, config.get().maxConcurrentRequests(), this::reconcile, clock);
  }

  public void start() {
    workers.start();
  }

  /** What is known about the clients and the load of this session. */
  public Activity of(VdiSession session) {
    return histories
        .getOrDefault(session.uid(), ActivityHistory.NONE)
        .activity()
        .with(load.apply(session));
  }

  /** Starts to ask the desktop of this session if it is Running. */
  public void changed(VdiSession session) {
    SessionKey key = SessionKey.of(session);
    if (isRunning(session) && monitored.putIfAbsent(key, session.uid()) == null) {
      queue.add(key);
    }
  }

  /** A session on which a worker is stuck. */
  public Optional<SessionKey> stuck() {
    return workers.stuck();
  }

  static boolean isRunning(VdiSession session) {
    return session.status().is(Phase.RUNNING)
        && !session.metadata().isDeleting()
        && !session.spec().suspended();
  }

  private Optional<Duration> idleTimeout(VdiSession session) {
    return templates
        .get("", session.spec().template())
        .flatMap(template -> Defaults.effectiveSpec(session.spec(), template.spec()).idleTimeout());
  }

  private IdleOn idleOn(VdiSession session) {
    return templates
        .get("", session.spec().template())
        .map(template -> template.spec().idleOn())
        .orElse(IdleOn.DISCONNECT);
  }

  private ReconcileResult reconcile(SessionKey key) {
    // Before the session is read: a later change must queue the key again.
    String previous = monitored.remove(key);
    Optional<VdiSession> session = sessions.get(key.namespace(), key.name());
    boolean running = session.filter(ActivityMonitor::isRunning).isPresent();
    if (previous != null && (!running || !session.get().uid().equals(previous))) {
      histories.remove(previous);
      passwords.remove(previous);
    }
    if (!running) {
      return new ReconcileResult.Done();
    }
    monitored.put(key, session.get().uid());
    try {
      return new ReconcileResult.RequeueAfter(probe(session.get(), idleTimeout(session.get())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ReconcileResult.Done();
    }
  }

  /**
   * Returns when to ask again.
   *
   * @param idleTimeout empty: the session never becomes idle
   */
  private Duration probe(VdiSession session, Optional<Duration> idleTimeout)
      throws InterruptedException {
    ActivityConfig settings = config.get();
    Duration interval =
        idleTimeout
            .map(limit -> min(settings.interval(), limit.dividedBy(PROBES_PER_IDLE_TIMEOUT)))
            .orElse(settings.interval());
    ProbeResult result = ask(session, settings);
    Instant now = clock.instant();
    ActivityHistory before = histories.getOrDefault(session.uid(), ActivityHistory.NONE);
    ActivityHistory history =
        before.with(
            result, idleOn(session), now, interval.multipliedBy(3).plus(settings.timeout()));
    histories.put(session.uid(), history);
    switch (result) {
      case ProbeResult.NotReported(String reason) -> {
        report(session, history, reason, idleTimeout.isPresent());
        return interval;
      }
      case ProbeResult.NoAnswer(String reason) -> {
        passwords.remove(session.uid());
        report(session, history, reason, idleTimeout.isPresent());
        listener.probed(false);
        return max(interval.dividedBy(5), MIN_RETRY_INTERVAL);
      }
      case ProbeResult.ConnectedClients(int clients, Optional<Duration> _) -> {
        boolean known = history.consecutiveFailures() == 0;
        if (known && before.consecutiveFailures() >= FAILURES_TO_REPORT) {
          LOG.info("{}: the desktop answers again", SessionKey.of(session));
        }
        if (!known) {
          report(session, history, inputUnknown(session), idleTimeout.isPresent());
        }
        Activity activity = history.activity().with(load.apply(session));
        writeLastActivityTime(session, history, settings);
        protect(session, clients > 0, activity, settings);
        listener.probed(true);
        if (!before.activity().getClass().equals(history.activity().getClass())) {
          listener.activityChanged(SessionKey.of(session));
        }
        return idleTimeout.isPresent()
                && activity instanceof Activity.Idle(Instant since, Instant asOf)
            ? idle(session, since, asOf, idleTimeout.get(), interval)
            : interval;
      }
    }
  }

  private static String inputUnknown(VdiSession session) {
    return "it does not report the last input, which spec.idleOn NoInput of template %s requires: use an image that reports it, or set idleOn to Disconnect (docs/flavors.md)"
        .formatted(session.spec().template());
  }

  private Duration idle(
      VdiSession session, Instant since, Instant asOf, Duration idleTimeout, Duration interval) {
    Instant from = session.status().startedAt().filter(since::isBefore).orElse(since);
    Duration remaining = Duration.between(asOf, from.plus(idleTimeout));
    if (remaining.isPositive()) {
      // Ask exactly at the deadline: only a new observation can end the session in time.
      return min(interval, max(remaining, Duration.ofMillis(50)));
    }
    listener.activityChanged(SessionKey.of(session));
    return min(interval, OVERDUE_INTERVAL);
  }

  /** Where idleness ends nothing, a desktop that is not Selkies is no problem to report. */
  private void report(
      VdiSession session, ActivityHistory history, String reason, boolean hasIdleTimeout) {
    if (hasIdleTimeout && history.consecutiveFailures() == FAILURES_TO_REPORT) {
      LOG.warn(
          "{}: cannot determine whether a client uses the desktop; treating it as used: {}",
          SessionKey.of(session),
          reason);
      listener.activityUnknown(session, reason);
    }
  }

  private Optional<Pod> pod(VdiSession session) {
    return pods.get(session.namespace(), session.name())
        .filter(p -> p.metadata().isControlledBy(session.uid()) && !p.metadata().isDeleting());
  }

  private ProbeResult ask(VdiSession session, ActivityConfig settings) throws InterruptedException {
    Optional<Pod> pod = pod(session).filter(p -> !p.status().podIp().isEmpty());
    if (pod.isEmpty()) {
      return new ProbeResult.NoAnswer("its pod has no address");
    }
    Optional<VdiTemplate> template = templates.get("", session.spec().template());
    if (template.isEmpty()) {
      return new ProbeResult.NoAnswer("its template is missing");
    }
    VdiTemplate.Spec spec = template.get().spec();
    return switch (spec.server().activity()) {
      case ActivitySource.None _ ->
          new ProbeResult.NotReported(
              "desktops of flavor %s do not report their clients".formatted(spec.flavor().text()));
      case ActivitySource.Api api -> {
        Optional<String> password = password(session);
        yield password.isEmpty()
            ? new ProbeResult.NoAnswer("cannot read its Secret")
            : desktops.probe(
                new DesktopEndpoint(
                    api,
                    spec.server().scheme(),
                    pod.get().status().podIp(),
                    spec.port(),
                    new DesktopCredentials(DesktopCredentials.userName(template), password.get())),
                settings.timeout());
      }
    };
  }

  /**
   * Reads only a Secret that this session controls: with another one, the password of another user
   * would be sent to this desktop.
   */
  private Optional<String> password(VdiSession session) {
    String cached = passwords.get(session.uid());
    if (cached != null) {
      return Optional.of(cached);
    }
    String path =
        ResourceType.SECRET.path(session.namespace(), ResourceNames.secret(session.name()));
    Optional<String> password =
        api.request("GET", path, null)
            .ok()
            .filter(secret -> metadata(secret).isControlledBy(session.uid()))
            .flatMap(secret -> DesktopCredentials.decode(secret, DesktopCredentials.PASSWORD_KEY));
    password.ifPresent(found -> passwords.put(session.uid(), found));
    return password;
  }

  private static ObjectMeta metadata(JsonObject object) {
    return KubeGson.gson().fromJson(object.get("metadata"), ObjectMeta.class);
  }

  /**
   * While a client uses the desktop, the field is written once per {@code statusInterval}. When the
   * use ends, its time is always written.
   */
  private void writeLastActivityTime(
      VdiSession session, ActivityHistory history, ActivityConfig settings) {
    Optional<Instant> lastActivity =
        history.lastActivity().map(time -> time.truncatedTo(ChronoUnit.SECONDS));
    if (lastActivity.isEmpty()
        || settings.dryRun()
        || !mayWrite.getAsBoolean()
        || isRecent(session, history, lastActivity.get(), settings.statusInterval())) {
      return;
    }
    JsonObject patch =
        MergePatch.forObject(session.metadata())
            .set("status.lastActivityTime", lastActivity.get().toString())
            .toJson();
    ApiResult<VdiSession> result =
        api.mergePatchStatus(ResourceType.SESSION, session.namespace(), session.name(), patch);
    result.ok().ifPresent(sessions::changed);
    result
        .failure()
        .filter(failure -> !result.isNotFound() && !result.isConflict())
        .ifPresent(failure ->
            LOG.info(
                "{}: cannot write lastActivityTime: {}",
                SessionKey.of(session),
                failure.message()));
  }

  /** A change that fails is tried again by the next probe. */
  private void protect(
      VdiSession session, boolean connected, Activity activity, ActivityConfig settings) {
    Optional<Pod> pod = pod(session);
    if (pod.isEmpty() || settings.dryRun() || !mayWrite.getAsBoolean()) {
      return;
    }
    templates
        .get("", session.spec().template())
        .flatMap(template ->
            DisruptionProtection.change(pod.get(), connected, activity, template.spec()))
        .ifPresent(change -> {
          ApiResult<Pod> result =
              api.mergePatch(
                  ResourceType.POD, session.namespace(), session.name(), change.toJson());
          result.ok().ifPresent(pods::changed);
          result
              .failure()
              .filter(failure -> !result.isNotFound() && !result.isConflict())
              .ifPresent(failure ->
                  LOG.info(
                      "{}: cannot change the annotations of its pod: {}",
                      SessionKey.of(session),
                      failure.message()));
        });
  }

  /** Whether the time in the status is recent enough. */
  private static boolean isRecent(
      VdiSession session, ActivityHistory history, Instant lastActivity, Duration statusInterval) {
    Instant written = session.status().lastActivityTime();
    if (written == null) {
      return false;
    }
    boolean ofThisRun = session.status().startedAt().filter(written::isBefore).isEmpty();
    boolean young = Duration.between(written, lastActivity).compareTo(statusInterval) < 0;
    return !written.isBefore(lastActivity)
        || (!(history.activity() instanceof Activity.Idle) && ofThisRun && young);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }

  @Override
  public void close() {
    try {
      workers.stop(config.get().timeout());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    desktops.close();
  }
}
