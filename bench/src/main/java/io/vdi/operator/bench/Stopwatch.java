package io.vdi.operator.bench;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.process.Progress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * When what happened to each session, as somebody sees it who watches the API server: the same for
 * every client that is measured.
 */
final class Stopwatch implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(15);

  private final Map<String, Long> began = new ConcurrentHashMap<>();
  private final Map<String, Long> pod = new ConcurrentHashMap<>();
  private final Map<String, Long> running = new ConcurrentHashMap<>();
  private final ResourceCache<Pod> pods;
  private final ResourceCache<VdiSession> sessions;

  Stopwatch(KubeClient api) {
    pods = new ResourceCache<>(api, ResourceType.POD, "", InstantSource.system(), this::podSeen);
    sessions =
        new ResourceCache<>(
            api, ResourceType.SESSION, "", InstantSource.system(), this::sessionSeen);
    pods.start();
    sessions.start();
    Progress.await(
        () -> "the watches", Duration.ofMinutes(1), () -> pods.isSynced() && sessions.isSynced());
  }

  private void podSeen(ResourceCache.Change<Pod> change) {
    pod.putIfAbsent(change.object().name(), System.nanoTime());
  }

  private void sessionSeen(ResourceCache.Change<VdiSession> change) {
    if (change.object().status().currentPhase().filter(p -> p == Phase.RUNNING).isPresent()) {
      running.putIfAbsent(change.object().name(), System.nanoTime());
    }
  }

  /** From now on this session's time counts. */
  void begin(String session) {
    began.put(session, System.nanoTime());
  }

  void awaitPods(List<String> of) {
    await(of, pod, "pods");
  }

  void awaitRunning(List<String> of) {
    await(of, running, "running sessions");
  }

  private static void await(List<String> of, Map<String, Long> times, String what) {
    Progress.await(
        () ->
            of.size()
                + " "
                + what
                + ", "
                + of.stream().filter(times::containsKey).count()
                + " so far",
        LIMIT,
        () -> times.size() >= of.size() && times.keySet().containsAll(of));
  }

  Quantiles toPod(List<String> of) {
    return quantiles(of, pod);
  }

  Quantiles toRunning(List<String> of) {
    return quantiles(of, running);
  }

  /** From the beginning of the first to the pod of the last. */
  double secondsToAllPods(List<String> of) {
    long first = of.stream().mapToLong(began::get).min().orElseThrow();
    long last = of.stream().mapToLong(pod::get).max().orElseThrow();
    return (last - first) / 1e9;
  }

  private Quantiles quantiles(List<String> of, Map<String, Long> times) {
    List<Long> nanos = new ArrayList<>();
    of.forEach(session -> nanos.add(times.get(session) - began.get(session)));
    return Quantiles.ofNanos(nanos);
  }

  @Override
  public void close() {
    pods.close();
    sessions.close();
  }
}
