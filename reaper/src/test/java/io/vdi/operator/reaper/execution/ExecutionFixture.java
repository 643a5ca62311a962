package io.vdi.operator.reaper.execution;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.reaper.execution.DeletionConfig.MassDeletionConfig;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.ReapReason;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.reaper.policy.ScheduleConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The reaper's execution against a fake API server, on a simulated clock. A test sets what the
 * caches contain; no watch updates them.
 */
final class ExecutionFixture implements AutoCloseable {
  static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  static final String NAMESPACE = "ns";
  static final String USER = "alice@example.com";

  final FakeApiServer server = FakeApiServer.start();
  final KubeClient api = server.client();
  final ReaperReport report = new ReaperReport();
  final List<ReapReason> reaped = new ArrayList<>();
  final List<Instant> dueTimes = new ArrayList<>();
  final List<ReapReason> dryRuns = new ArrayList<>();
  int suspensions;
  int scheduleStops;
  int scheduleStarts;
  final ResourceCache<VdiSession> sessions = cache(ResourceType.SESSION);
  final ResourceCache<VdiTemplate> templates = cache(ResourceType.TEMPLATE);
  final ResourceCache<Pod> pods = cache(ResourceType.POD);
  final EventRecorder events = new EventRecorder(api, "vdi-reaper", this::now);

  Instant now = NOON;
  boolean leader = true;
  boolean dryRun;
  boolean forceFinalize;
  int maxPerMinute = 1000;
  Duration failedSessionTtl = Duration.ofHours(24);
  Duration homeRetention = Duration.ofDays(30);
  Activity activity = new Activity.Unknown();
  ExpirySnapshot snapshot = new ExpirySnapshot(Set.of(), Set.of());

  final MassDeletionGuard guard = new MassDeletionGuard(() -> snapshot, System::nanoTime);

  final ReapListener listener =
      new ReapListener() {
        @Override
        public void reaped(ReapReason reason, Instant due) {
          reaped.add(reason);
          dueTimes.add(due);
        }

        @Override
        public void idleSuspended() {
          suspensions++;
        }

        @Override
        public void scheduleStopped() {
          scheduleStops++;
        }

        @Override
        public void scheduleStarted() {
          scheduleStarts++;
        }

        @Override
        public void wouldReap(ReapReason reason) {
          dryRuns.add(reason);
        }
      };

  /** Creates or replaces an object on the API server. Its UID is "uid-" and its name. */
  <T extends KubeObject> T add(ResourceType<T> type, String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    JsonObject metadata = object.getAsJsonObject("metadata");
    if (!metadata.has("uid")) {
      metadata.addProperty("uid", "uid-" + metadata.get("name").getAsString());
    }
    return KubeGson.gson().fromJson(server.put(type, object.toString()), type.objectClass());
  }

  /** Changes an object as another client does. */
  void change(ResourceType<?> type, String name, String patch) {
    JsonObject object = server.find(type, type.namespaced() ? NAMESPACE : "", name).orElseThrow();
    server.put(
        type,
        MergePatch.unconditional()
            .merge(object)
            .merge(JsonParser.parseString(patch).getAsJsonObject())
            .toJson()
            .toString());
  }

  /** Matches requests with this method and path. */
  static Predicate<FakeApiServer.Request> request(String method, String path) {
    return request -> request.toString().equals(method + " " + path);
  }

  void refuse(String method, String path, int code) {
    server.reject(request(method, path), code, "Refused", "refused by the test");
  }

  /** "GET /api/v1/pods" for each request with this method. */
  List<String> requests(String method) {
    return server.requests(request -> request.method().equals(method)).stream()
        .map(FakeApiServer.Request::toString)
        .toList();
  }

  Instant now() {
    return now;
  }

  RetentionConfig retention() {
    return new RetentionConfig(
        Duration.ofMinutes(10),
        failedSessionTtl,
        true,
        Duration.ofMinutes(10),
        Duration.ofMinutes(10),
        homeRetention,
        new ScheduleConfig(Duration.ofMinutes(10), Duration.ofHours(1)));
  }

  DeletionConfig deletion() {
    return new DeletionConfig(
        dryRun,
        forceFinalize,
        maxPerMinute,
        new MassDeletionConfig(50, 10, false, Duration.ofMinutes(5)));
  }

  SessionEvaluator evaluator() {
    return new SessionEvaluator(
        new SessionStateReader(api, sessions, templates, pods),
        session -> activity,
        this::retention,
        () -> dryRun,
        this::now);
  }

  Deleter deleter() {
    return new Deleter(api, () -> leader, new DeletionRateLimiter(System::nanoTime));
  }

  private <T extends KubeObject> ResourceCache<T> cache(ResourceType<T> type) {
    // The cache forgets what a test put there after 30 s, so its clock stands still.
    return new ResourceCache<>(api, type, "", InstantSource.fixed(NOON), change -> {});
  }

  /** A session that started at noon, on the API server and in the cache. */
  VdiSession running(String name, String timeout) {
    VdiSession session =
        add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "%s", "namespace": "ns"},
             "spec": {"user": "alice@example.com", "template": "ubuntu", "timeout": "%s"},
             "status": {"phase": "Running", "startTime": "2026-03-01T12:00:00Z"}}
            """
                .formatted(name, timeout));
    sessions.created(session);
    return session;
  }

  /** The cache has the session as the API server has it now. */
  void observe(VdiSession session) {
    sessions.created(api.get(ResourceType.SESSION, NAMESPACE, session.name()).orElseThrow());
  }

  void template() {
    templates.created(
        add(ResourceType.TEMPLATE, "{\"metadata\": {\"name\": \"ubuntu\"}, \"spec\": {}}"));
  }

  /** An object of session "desk" on the API server. */
  ObjectKey child(ChildKind kind, Optional<String> ownerUid, String annotations) {
    ResourceType<?> type = kind.resourceTypes().getFirst();
    JsonObject labels = new JsonObject();
    Labels.ofSession("desk", USER).forEach(labels::addProperty);
    String owners =
        ownerUid
            .map(uid ->
                """
                , "ownerReferences": [{"apiVersion": "vdi.kasm.io/v1alpha1", "kind": "VDISession",
                  "name": "desk", "uid": "%s", "controller": true}]
                """
                    .formatted(uid))
            .orElse("");
    add(
        type,
        """
        {"metadata": {"name": "%s", "namespace": "ns", "uid": "uid-%s",
          "creationTimestamp": "2026-03-01T12:00:00Z", "labels": %s,
          "annotations": {"vdi.kasm.io/user": "alice@example.com"%s}%s}}
        """
            .formatted(kind.nameFor("desk"), kind, labels, annotations, owners));
    return new ObjectKey(type.metadataOnly(), NAMESPACE, kind.nameFor("desk"));
  }

  boolean exists(ObjectKey key) {
    return server.find(key.type(), key.namespace(), key.name()).isPresent();
  }

  boolean exists(VdiSession session) {
    return server
        .find(ResourceType.SESSION, session.namespace(), session.name())
        .filter(object ->
            !object.getAsJsonObject("metadata").has("deletionTimestamp")
                && object
                    .getAsJsonObject("metadata")
                    .get("uid")
                    .getAsString()
                    .equals(session.uid()))
        .isPresent();
  }

  static SessionKey key(VdiSession session) {
    return SessionKey.of(session);
  }

  static String path(VdiSession session) {
    return ResourceType.SESSION.path(session.namespace(), session.name());
  }

  static String path(ObjectKey key) {
    return key.type().path(key.namespace(), key.name());
  }

  /** The reasons of the Events on the API server. */
  List<String> eventReasons() {
    return events().map(event -> event.get("reason").getAsString()).toList();
  }

  private Stream<JsonObject> events() {
    return api
        .request("GET", ResourceType.EVENT.path(NAMESPACE), null)
        .orElseThrow()
        .getAsJsonArray("items")
        .asList()
        .stream()
        .map(JsonElement::getAsJsonObject);
  }

  /** The names of the Events on the API server. */
  List<String> eventNames() {
    return events()
        .map(event -> event.getAsJsonObject("metadata").get("name").getAsString())
        .toList();
  }

  /** The message of the first Event with this reason. */
  String eventMessage(String reason) {
    return events()
        .filter(event -> event.get("reason").getAsString().equals(reason))
        .findFirst()
        .orElseThrow()
        .get("message")
        .getAsString();
  }

  /** The only entry of the report. */
  JsonObject onlyEntry() {
    var entries = report.json().getAsJsonArray("findings");
    if (entries.size() != 1) {
      throw new AssertionError("not one entry: " + entries);
    }
    return entries.get(0).getAsJsonObject();
  }

  boolean isReportEmpty() {
    return report.json().getAsJsonArray("findings").isEmpty();
  }

  ObjectMeta metadata(ObjectKey key) {
    return api.get(key.type(), key.namespace(), key.name()).orElseThrow().metadata();
  }

  @Override
  public void close() {
    events.close();
    List.of(sessions, templates, pods).forEach(ResourceCache::close);
    api.close();
    server.close();
  }
}
