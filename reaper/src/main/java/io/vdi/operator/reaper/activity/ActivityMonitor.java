package io.vdi.operator.reaper.activity;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the desktops of running sessions with an idleTimeout, so many at a time, who is connected;
 * remembers it, and writes it into status.lastActivityTime.
 */
public final class ActivityMonitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ActivityMonitor.class);

  /** Of a short idleTimeout at least so many looks are taken. */
  private static final int LOOKS = 4;

  private static final Duration LEAST = Duration.ofMillis(500);

  /** How often one is asked that has been idle for long enough and is still there. */
  private static final Duration OVERDUE = Duration.ofSeconds(5);

  /** One silence may be a slip. */
  private static final int SILENCES_TO_TELL = 2;

  /**
   * @param interval how often a desktop is asked
   * @param timeout how long it may take to answer
   * @param statusInterval how old lastActivityTime may be while somebody is connected
   */
  public record ActivityConfig(
      Duration interval, Duration timeout, Duration statusInterval, boolean dryRun) {}

  /** Told of what was found out, to tell users, metrics and judges. */
  public interface Listener {
    /** Whether a desktop answered. */
    void asked(boolean answered);

    /** A desktop does not answer any more. */
    void silent(VdiSession session, String why);

    /** It is time to judge the session anew. */
    void learned(SessionKey session);
  }

  private final KubeClient api;
  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final Supplier<ActivityConfig> settings;
  private final BooleanSupplier mayWrite;
  private final Listener listener;
  private final InstantSource clock;
  private final WorkQueue<SessionKey> queue;
  private final WorkerPool<SessionKey> loop;
  private final SelkiesClient desktops = new SelkiesClient();
  private final Map<String, ActivityHistory> histories = new ConcurrentHashMap<>();
  private final Map<String, String> passwords = new ConcurrentHashMap<>();

  /** The sessions whose desktops are asked, and their UIDs. */
  private final Map<SessionKey, String> watched = new ConcurrentHashMap<>();

  public ActivityMonitor(
      KubeClient api,
      ResourceCache<VdiSession> sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<Pod> pods,
      Supplier<ActivityConfig> settings,
      int atOnce,
      BooleanSupplier mayWrite,
      Listener listener,
      InstantSource clock) {
    this.api = api;
    this.sessions = sessions;
    this.templates = templates;
    this.pods = pods;
    this.settings = settings;
    this.mayWrite = mayWrite;
    this.listener = listener;
    this.clock = clock;
    this.queue = new WorkQueue<>(Backoff.STANDARD, RandomGenerator.getDefault());
    this.loop = new WorkerPool<>("desktop", queue, atOnce, this::look, clock);
  }

  public void start() {
    loop.start();
  }

  /** What is known of the session with this UID. */
  public Activity of(String uid) {
    return histories.getOrDefault(uid, ActivityHistory.NONE).activity();
  }

  /** Takes up a session where its desktop is to be asked; one that is asked already stays so. */
  public void changed(VdiSession session) {
    SessionKey key = SessionKey.of(session);
    if (idleTimeout(session).isPresent() && watched.putIfAbsent(key, session.uid()) == null) {
      queue.add(key);
    }
  }

  /** A worker that has been on this session for too long, if there is one. */
  public Optional<SessionKey> stuck() {
    return loop.stuck();
  }

  private Optional<Duration> idleTimeout(VdiSession session) {
    boolean running =
        session.status().currentPhase().equals(Optional.of(Phase.RUNNING))
            && !session.metadata().isDeleting()
            && !session.spec().suspended();
    return running
        ? templates
            .get("", session.spec().template())
            .flatMap(
                template -> Defaults.effectiveSpec(session.spec(), template.spec()).idleTimeout())
        : Optional.empty();
  }

  private ReconcileResult look(SessionKey key) {
    // Before it is read: a change that comes now is not to be missed.
    String known = watched.remove(key);
    Optional<VdiSession> session = sessions.get(key.namespace(), key.name());
    Optional<Duration> limit = session.flatMap(this::idleTimeout);
    if (known != null && (limit.isEmpty() || !session.get().uid().equals(known))) {
      histories.remove(known);
      passwords.remove(known);
    }
    if (limit.isEmpty()) {
      return new ReconcileResult.Done();
    }
    watched.put(key, session.get().uid());
    try {
      return new ReconcileResult.RequeueAfter(look(session.get(), limit.get()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ReconcileResult.Done();
    }
  }

  /** Returns when to look again. */
  private Duration look(VdiSession session, Duration limit) throws InterruptedException {
    ActivityConfig how = settings.get();
    Duration interval = shorter(how.interval(), limit.dividedBy(LOOKS));
    ProbeResult answer = ask(session, how);
    Instant now = clock.instant();
    ActivityHistory before = histories.getOrDefault(session.uid(), ActivityHistory.NONE);
    ActivityHistory history = before.and(answer, now, interval.multipliedBy(3).plus(how.timeout()));
    histories.put(session.uid(), history);
    listener.asked(answer instanceof ProbeResult.ConnectedClients);
    if (answer instanceof ProbeResult.NoAnswer(String why)) {
      silent(session, history, why);
      return longer(interval.dividedBy(5), LEAST);
    }
    if (before.consecutiveFailures() >= SILENCES_TO_TELL) {
      LOG.info("{}: the desktop answers again", SessionKey.of(session));
    }
    write(session, history, how);
    if (!before.activity().getClass().equals(history.activity().getClass())) {
      listener.learned(SessionKey.of(session));
    }
    return history.activity() instanceof Activity.Idle(Instant since, Instant asOf)
        ? idle(session, since, asOf, limit, interval)
        : interval;
  }

  private Duration idle(
      VdiSession session, Instant since, Instant asOf, Duration limit, Duration interval) {
    Instant from = session.status().startedAt().filter(since::isBefore).orElse(since);
    Duration left = Duration.between(asOf, from.plus(limit));
    if (left.isPositive()) {
      // In its very moment, so that the end is met in time.
      return shorter(interval, longer(left, Duration.ofMillis(50)));
    }
    listener.learned(SessionKey.of(session));
    return shorter(interval, OVERDUE);
  }

  private void silent(VdiSession session, ActivityHistory history, String why) {
    passwords.remove(session.uid());
    if (history.consecutiveFailures() == SILENCES_TO_TELL) {
      LOG.warn(
          "{}: whether anybody is connected cannot be told, so it is not idle: {}",
          SessionKey.of(session),
          why);
      listener.silent(session, why);
    }
  }

  private ProbeResult ask(VdiSession session, ActivityConfig how) throws InterruptedException {
    Optional<Pod> pod =
        pods.get(session.namespace(), session.name())
            .filter(p -> p.metadata().isControlledBy(session.uid()) && !p.metadata().isDeleting())
            .filter(p -> !p.status().podIp().isEmpty());
    Optional<VdiTemplate> template = templates.get("", session.spec().template());
    if (pod.isEmpty() || template.isEmpty()) {
      return new ProbeResult.NoAnswer(
          pod.isEmpty() ? "its pod has no address" : "its template is gone");
    }
    Optional<String> password = password(session);
    return password.isEmpty()
        ? new ProbeResult.NoAnswer("its Secret cannot be read")
        : desktops.ask(
            new SelkiesEndpoint(
                pod.get().status().podIp(),
                template.get().spec().port(),
                user(template.get()),
                password.get()),
            how.timeout());
  }

  private static String user(VdiTemplate template) {
    return template.spec().env().stream()
        .filter(variable -> variable.name().equals(DesktopCredentials.USER_VARIABLE))
        .map(VdiTemplate.EnvVar::value)
        .findFirst()
        .orElse(DesktopCredentials.DEFAULT_USER);
  }

  /** Of a Secret of this very session only, or another user's desktop might be told it. */
  private Optional<String> password(VdiSession session) {
    String known = passwords.get(session.uid());
    if (known != null) {
      return Optional.of(known);
    }
    String path =
        ResourceType.SECRET.path(session.namespace(), ResourceNames.secret(session.name()));
    Optional<String> password =
        api.request("GET", path, null)
            .ok()
            .filter(secret -> owner(secret).equals(session.uid()))
            .map(secret -> secret.getAsJsonObject("data"))
            .filter(data -> data.has(DesktopCredentials.PASSWORD_KEY))
            .flatMap(data -> decode(data.get(DesktopCredentials.PASSWORD_KEY).getAsString()));
    password.ifPresent(found -> passwords.put(session.uid(), found));
    return password;
  }

  private static String owner(JsonObject secret) {
    return KubeGson.gson()
        .fromJson(secret.get("metadata"), ObjectMeta.class)
        .controller()
        .map(OwnerReference::uid)
        .orElse("");
  }

  private static Optional<String> decode(String base64) {
    try {
      return Optional.of(new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A time already written that is young enough stays; the last of all is written in any case. */
  private void write(VdiSession session, ActivityHistory history, ActivityConfig how) {
    Optional<Instant> seen =
        history.lastConnected().map(time -> time.truncatedTo(ChronoUnit.SECONDS));
    if (seen.isEmpty() || how.dryRun() || !mayWrite.getAsBoolean()) {
      return;
    }
    Instant written = session.status().lastActivityTime();
    boolean young =
        history.activity() instanceof Activity.Connected
            && written != null
            && !written.isBefore(session.status().startedAt().orElse(written))
            && Duration.between(written, seen.get()).compareTo(how.statusInterval()) < 0;
    if (young || (written != null && !written.isBefore(seen.get()))) {
      return;
    }
    JsonObject metadata = new JsonObject();
    metadata.addProperty("uid", session.uid());
    JsonObject status = new JsonObject();
    status.addProperty("lastActivityTime", seen.get().toString());
    JsonObject patch = new JsonObject();
    patch.add("metadata", metadata);
    patch.add("status", status);
    ApiResult<VdiSession> result =
        api.mergePatchStatus(ResourceType.SESSION, session.namespace(), session.name(), patch);
    result.ok().ifPresent(sessions::changed);
    result
        .failure()
        .filter(why -> !result.isNotFound() && !result.isConflict())
        .ifPresent(why ->
            LOG.info(
                "{}: lastActivityTime is not written: {}", SessionKey.of(session), why.message()));
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }

  @Override
  public void close() {
    try {
      loop.stop(settings.get().timeout());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    desktops.close();
  }
}
