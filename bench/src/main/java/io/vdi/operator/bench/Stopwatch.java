package io.vdi.operator.bench;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.process.Progress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * Records when each session reached each milestone, as observed through a watch. The watch is the
 * same for the controller and for {@link BareClient}, so that their times compare.
 */
final class Stopwatch implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(15);

  /** Added for each session: a busy machine creates five per second. */
  private static final Duration PER_SESSION = Duration.ofMillis(200);

  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private final Map<String, Long> pod = new ConcurrentHashMap<>();
  private final Map<String, Long> running = new ConcurrentHashMap<>();
  private final ResourceCache<Pod> pods;
  private final ResourceCache<?> sessions;

  /** Of sessions: they run when their phase says so. */
  Stopwatch(KubeClient api) {
    this(api, ResourceType.SESSION, session -> session.status().is(Phase.RUNNING));
  }

  /**
   * @param type of the objects that a controller makes pods of the same name for
   * @param isRunning whether the status of an object says so
   */
  <T extends KubeObject> Stopwatch(KubeClient api, ResourceType<T> type, Predicate<T> isRunning) {
    pods = new ResourceCache<>(api, ResourceType.POD, "", InstantSource.system(), this::podChanged);
    sessions =
        new ResourceCache<>(
            api,
            type,
            "",
            InstantSource.system(),
            change -> {
              if (isRunning.test(change.object())) {
                running.putIfAbsent(change.object().name(), System.nanoTime());
              }
            });
    pods.start();
    sessions.start();
    Progress.await(
        () -> "the watches", Duration.ofMinutes(1), () -> pods.isSynced() && sessions.isSynced());
  }

  private void podChanged(ResourceCache.Change<Pod> change) {
    pod.putIfAbsent(change.object().name(), System.nanoTime());
  }

  /** Starts the time of a session. */
  void start(String session) {
    started.put(session, System.nanoTime());
  }

  void awaitPods(List<String> names) {
    await(names, pod, "pods");
  }

  void awaitRunning(List<String> names) {
    await(names, running, "running sessions");
  }

  private static void await(List<String> names, Map<String, Long> times, String what) {
    Progress.await(
        () ->
            names.size()
                + " "
                + what
                + ", "
                + names.stream().filter(times::containsKey).count()
                + " so far",
        LIMIT.plus(PER_SESSION.multipliedBy(names.size())),
        () -> times.size() >= names.size() && times.keySet().containsAll(names));
  }

  Quantiles toPod(List<String> names) {
    return quantiles(names, pod);
  }

  Quantiles toRunning(List<String> names) {
    return quantiles(names, running);
  }

  /** From the start of the first session to the pod of the last one. */
  double secondsToAllPods(List<String> names) {
    return secondsToLast(names, pod);
  }

  /** From the start of the first session until the last one runs. */
  double secondsToAllRunning(List<String> names) {
    return secondsToLast(names, running);
  }

  private double secondsToLast(List<String> names, Map<String, Long> times) {
    long first = names.stream().mapToLong(started::get).min().orElseThrow();
    long last = names.stream().mapToLong(times::get).max().orElseThrow();
    return (last - first) / 1e9;
  }

  private Quantiles quantiles(List<String> names, Map<String, Long> times) {
    List<Long> nanos = new ArrayList<>();
    names.forEach(session -> nanos.add(times.get(session) - started.get(session)));
    return Quantiles.ofNanos(nanos);
  }

  @Override
  public void close() {
    pods.close();
    sessions.close();
  }
}
