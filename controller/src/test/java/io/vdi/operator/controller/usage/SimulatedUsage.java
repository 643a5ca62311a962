package io.vdi.operator.controller.usage;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.controller.session.plan.Action;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A cluster in memory with sessions, their pods and their usage, and controllers that see it late,
 * and that can be killed before and after each write.
 */
final class SimulatedUsage {
  /** The process ends here. */
  static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Decides at each write whether the process is killed: before it, after it, or not. */
  interface Fate {
    enum Kind {
      BEFORE,
      AFTER,
      SURVIVES
    }

    Kind atWrite();
  }

  record Session(String name, String uid, boolean suspended, boolean deleting) {}

  /**
   * @param ready since when; empty while it starts
   * @param deleted when the deletion was requested
   * @param finished when it ended by itself
   */
  record SimPod(
      String uid, Optional<Instant> ready, Optional<Instant> deleted, Optional<Instant> finished) {
    /** Reading JSON takes most of the time of a simulated month. */
    private static final Map<SimPod, Pod> PARSED = new ConcurrentHashMap<>();

    Pod toPod() {
      return PARSED.computeIfAbsent(this, SimPod::parse);
    }

    private Pod parse() {
      StringBuilder json = new StringBuilder("{\"metadata\": {\"uid\": \"" + uid + "\"");
      deleted.ifPresent(time ->
          json.append(
              ", \"deletionTimestamp\": \"%s\", \"deletionGracePeriodSeconds\": 30"
                  .formatted(time.plusSeconds(30))));
      json.append(
          "}, \"spec\": {\"containers\": [{\"name\": \"selkies\", \"resources\": {\"limits\":"
              + " {\"nvidia.com/gpu\": \"2\"}}}]}, \"status\": {");
      finished.ifPresent(time ->
          json.append(
              "\"phase\": \"Failed\", \"containerStatuses\": [{\"name\": \"selkies\", \"state\": {\"terminated\": {\"finishedAt\": \"%s\"}}}],"
                  .formatted(time)));
      json.append(
          "\"conditions\": [{\"type\": \"Ready\", \"status\": \"%s\", \"lastTransitionTime\": \"%s\"}]}}"
              .formatted(
                  ready.isPresent() && finished.isEmpty() ? "True" : "False",
                  finished.or(() -> ready).orElse(Instant.EPOCH)));
      return KubeGson.gson().fromJson(json.toString(), Pod.class);
    }
  }

  /** What the model says about one pod. */
  static final class Truth {
    Instant start;
    Optional<Instant> end = Optional.empty();

    /** The heartbeat when it ended. */
    Optional<Instant> heartbeatAtEnd = Optional.empty();
  }

  /** Everything in the API at one moment. */
  record State(
      Map<String, Session> sessions, Map<String, SimPod> pods, Map<String, VdiUsage> usages) {
    State copy() {
      return new State(new TreeMap<>(sessions), new TreeMap<>(pods), new TreeMap<>(usages));
    }
  }

  final State now = new State(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());

  /** The last states; a watch is at most so many behind. */
  private static final int MAX_LAG = 30;

  private final List<State> history = new ArrayList<>();

  /** How many states were dropped from the history. */
  private int dropped;

  final Map<String, Truth> truth = new TreeMap<>();

  /** Pods whose end no controller has seen yet. */
  final Set<String> unobserved = new HashSet<>();

  Instant time = Instant.parse("2026-10-01T00:00:00Z");
  Optional<Instant> heartbeat = Optional.empty();
  private long version;
  private int pods;
  private int sessions;

  SimulatedUsage() {
    history.add(now.copy());
  }

  /** Watches report the state of now from here on. */
  void publish() {
    history.add(now.copy());
    if (history.size() > MAX_LAG) {
      history.removeFirst();
      dropped++;
    }
  }

  private int latest() {
    return dropped + history.size() - 1;
  }

  void createSession(String name) {
    now.sessions().putIfAbsent(name, new Session(name, "session-" + sessions++, false, false));
  }

  void suspend(String name, boolean suspended) {
    now.sessions()
        .computeIfPresent(name, (n, s) -> new Session(n, s.uid(), suspended, s.deleting()));
  }

  void delete(String name) {
    now.sessions().computeIfPresent(name, (n, s) -> new Session(n, s.uid(), s.suspended(), true));
  }

  void becomeReady(String name) {
    SimPod pod = now.pods().get(name);
    if (pod != null && pod.ready().isEmpty() && pod.deleted().isEmpty()) {
      now.pods()
          .put(name, new SimPod(pod.uid(), Optional.of(time), Optional.empty(), Optional.empty()));
      Truth model = new Truth();
      model.start = time;
      truth.put(pod.uid(), model);
    }
  }

  void finish(String name) {
    SimPod pod = now.pods().get(name);
    if (pod != null && pod.ready().isPresent() && pod.finished().isEmpty()) {
      now.pods().put(name, new SimPod(pod.uid(), pod.ready(), pod.deleted(), Optional.of(time)));
      ended(pod.uid());
    }
  }

  void requestDeletion(String name, String uid) {
    SimPod pod = now.pods().get(name);
    if (pod != null && pod.uid().equals(uid) && pod.deleted().isEmpty()) {
      now.pods().put(name, new SimPod(uid, pod.ready(), Optional.of(time), pod.finished()));
      ended(uid);
    }
  }

  private void ended(String uid) {
    Truth model = truth.get(uid);
    if (model != null && model.end.isEmpty()) {
      model.end = Optional.of(time);
    }
  }

  void vanish(String name) {
    SimPod pod = now.pods().remove(name);
    if (pod != null) {
      ended(pod.uid());
    }
  }

  /** One controller. */
  final class Leader implements UsageStore {
    final UsageRecorder recorder;
    private final Fate fate;
    private final UsageMetrics metrics;
    private final Map<String, VdiUsage> own = new HashMap<>();
    private int seen = latest();

    Leader(Fate fate, UsageMetrics metrics) {
      this.fate = fate;
      this.metrics = metrics;
      this.recorder = new UsageRecorder(this, () -> true, () -> true, this.metrics);
      recorder.takeOver();
    }

    /** Its watches catch up until they are at most this many states behind. */
    void catchUp(int lag) {
      seen = Math.max(seen, latest() - lag);
    }

    private State view() {
      return history.get(Math.max(0, seen - dropped));
    }

    boolean isUpToDate() {
      return seen >= latest();
    }

    void sweep() {
      recorder.sweep(time);
    }

    /** One pass over a session, as the controller makes it. */
    void pass(String name) {
      Session session = view().sessions().get(name);
      if (session == null) {
        return;
      }
      Optional<SimPod> pod = Optional.ofNullable(view().pods().get(name));
      boolean stopped = session.suspended() || session.deleting();
      boolean over = pod.filter(p -> p.finished().isPresent()).isPresent();
      Optional<Action> stop =
          pod.filter(p -> (stopped || over) && p.deleted().isEmpty())
              .map(p -> new Action.Delete(ResourceType.POD, ObjectMeta.EMPTY));
      recorder.record(toSession(session), pod.map(SimPod::toPod), "", stop, time);
      if (isUpToDate()) {
        pod.ifPresent(p -> unobserved.remove(p.uid()));
      }
      if (stop.isPresent()) {
        write(() -> {
          SimPod live = now.pods().get(name);
          if (live != null && !live.ready().equals(pod.get().ready())) {
            // It became ready after what this process sees; Kubernetes shows it while it ends.
            unobserved.add(live.uid());
          }
          requestDeletion(name, pod.get().uid());
          return true;
        });
      } else if (pod.isEmpty() && !stopped) {
        write(() -> {
          Session live = now.sessions().get(name);
          if (live != null && live.uid().equals(session.uid()) && !now.pods().containsKey(name)) {
            now.pods()
                .put(
                    name,
                    new SimPod(
                        "pod-" + pods++, Optional.empty(), Optional.empty(), Optional.empty()));
          }
          return true;
        });
      } else if (pod.isEmpty() && session.deleting() && !now.pods().containsKey(name)) {
        write(() -> {
          Session live = now.sessions().get(name);
          if (live != null && live.uid().equals(session.uid())) {
            now.sessions().remove(name);
          }
          return true;
        });
      }
    }

    private <T> T write(Supplier<T> change) {
      Fate.Kind kind = fate.atWrite();
      if (kind == Fate.Kind.BEFORE) {
        throw new Killed();
      }
      T result = change.get();
      publish();
      if (kind == Fate.Kind.AFTER) {
        throw new Killed();
      }
      return result;
    }

    @Override
    public boolean isKnown() {
      return true;
    }

    /** What the watch and the own writes show of an interval, whichever is newer. */
    private Optional<VdiUsage> newest(String name) {
      return Stream.of(view().usages(), own)
          .flatMap(known -> Optional.ofNullable(known.get(name)).stream())
          .reduce((a, b) -> a.metadata().isAtLeast(b.metadata()) ? a : b);
    }

    @Override
    public List<VdiUsage> open() {
      Set<String> names = new TreeSet<>();
      // An interval that has ended is never open again.
      for (Map<String, VdiUsage> known : List.of(view().usages(), own)) {
        known.values().stream().filter(VdiUsage::isOpen).map(VdiUsage::name).forEach(names::add);
      }
      return names.stream().flatMap(name -> open(name).stream()).toList();
    }

    @Override
    public List<VdiUsage> openOf(String session) {
      return open().stream().filter(u -> u.spec().session().uid().equals(session)).toList();
    }

    @Override
    public Optional<VdiUsage> open(String name) {
      return newest(name).filter(VdiUsage::isOpen);
    }

    @Override
    public boolean hasSession(VdiUsage.Session session) {
      return Optional.ofNullable(view().sessions().get(session.name()))
          .filter(s -> s.uid().equals(session.uid()))
          .isPresent();
    }

    @Override
    public Optional<Pod> pod(SessionKey session) {
      return Optional.ofNullable(view().pods().get(session.name())).map(SimPod::toPod);
    }

    @Override
    public ApiResult<Pod> livePod(SessionKey session) {
      SimPod pod = now.pods().get(session.name());
      return pod == null ? notFound() : new ApiResult.Ok<>(pod.toPod());
    }

    @Override
    public ApiResult<VdiUsage> read(String name) {
      VdiUsage usage = now.usages().get(name);
      if (usage != null) {
        own.put(name, usage);
      }
      return usage == null ? notFound() : new ApiResult.Ok<>(usage);
    }

    @Override
    public ApiResult<VdiUsage> create(String name, VdiUsage.Spec interval) {
      return write(() -> {
        if (now.usages().containsKey(name)) {
          return new ApiResult.Rejected<>(409, "AlreadyExists", name);
        }
        return store(name, interval);
      });
    }

    @Override
    public ApiResult<VdiUsage> end(VdiUsage interval, Optional<Ending> ending) {
      return write(() -> {
        VdiUsage live = now.usages().get(interval.name());
        if (!live.metadata().resourceVersion().equals(interval.metadata().resourceVersion())) {
          return new ApiResult.Rejected<>(409, "Conflict", interval.name());
        }
        VdiUsage.Spec s = live.spec();
        return store(
            interval.name(),
            new VdiUsage.Spec(
                s.session(),
                s.user(),
                s.groups(),
                s.template(),
                s.gpu(),
                s.start(),
                ending.map(Ending::at).orElse(null),
                ending.map(end -> end.why().text()).orElse(null)));
      });
    }

    private ApiResult<VdiUsage> store(String name, VdiUsage.Spec spec) {
      JsonObject metadata = new JsonObject();
      metadata.addProperty("name", name);
      metadata.addProperty("uid", "usage-of-" + name);
      metadata.addProperty("resourceVersion", String.valueOf(++version));
      VdiUsage usage = new VdiUsage(KubeGson.gson().fromJson(metadata, ObjectMeta.class), spec);
      now.usages().put(name, usage);
      own.put(name, usage);
      return new ApiResult.Ok<>(usage);
    }

    @Override
    public ApiResult<Optional<Instant>> readHeartbeat() {
      return new ApiResult.Ok<>(heartbeat);
    }

    @Override
    public ApiResult<Instant> writeHeartbeat(Instant until) {
      return write(() -> {
        heartbeat = Optional.of(until);
        return new ApiResult.Ok<>(until);
      });
    }

    private static <T> ApiResult<T> notFound() {
      return new ApiResult.Rejected<>(404, "NotFound", "not found");
    }
  }

  private static VdiSession toSession(Session session) {
    String json =
        """
        {"metadata": {"name": "%s", "namespace": "desks", "uid": "%s"%s,
           "annotations": {"%s": "[\\"math\\"]"}},
         "spec": {"user": "%s@example.com", "template": "ubuntu", "suspended": %s}}
        """
            .formatted(
                session.name(),
                session.uid(),
                session.deleting() ? ", \"deletionTimestamp\": \"2026-10-01T00:00:00Z\"" : "",
                Annotations.GROUPS,
                session.name(),
                session.suspended());
    return KubeGson.gson().fromJson(json, VdiSession.class);
  }

  /** The seconds of all desktops by the model; those that run count until now. */
  long modelSeconds() {
    return truth.values().stream()
        .mapToLong(t -> Duration.between(t.start, t.end.orElse(time)).toSeconds())
        .sum();
  }
}
