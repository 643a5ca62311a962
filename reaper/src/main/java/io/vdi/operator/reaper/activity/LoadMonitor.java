package io.vdi.operator.reaper.activity;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.reaper.policy.Load;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the load of desktops whose templates have {@code spec.busy}, and that can become idle.
 * It asks each node with such desktops once per interval, on its own workers: a node that does not
 * answer delays neither the other nodes for longer than its timeout, nor the end of any session.
 */
public final class LoadMonitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LoadMonitor.class);

  /** The minimum number of samples within one idle timeout. */
  private static final int SAMPLES_PER_IDLE_TIMEOUT = 4;

  private static final Duration MIN_RETRY_INTERVAL = Duration.ofMillis(500);

  /**
   * Users choose idle timeouts, and must not make the reaper ask a kubelet more often than it
   * measures.
   */
  private static final Duration MIN_INTERVAL = Duration.ofSeconds(5);

  /** Where samples come from; the label {@code source} of the metric. */
  public enum Source {
    KUBELET("kubelet", "the kubelet"),
    DCGM("dcgm", "the DCGM exporter");

    private final String label;
    private final String text;

    Source(String label, String text) {
      this.label = label;
      this.text = text;
    }

    /** The value of the label {@code source}. */
    public String label() {
      return label;
    }

    private String of(String node) {
      return text + " of node " + node;
    }
  }

  /** Receives the results, for Events, metrics and the session queue. */
  public interface Listener {
    /** A node was asked. */
    void scraped(Source source, boolean answered);

    /** The load of a session has become unknown. Called once until it is known again. */
    void loadUnknown(VdiSession session, String reason);

    /** A session has become busy, quiet or unknown. */
    void loadChanged(SessionKey session);
  }

  /**
   * What is measured now.
   *
   * @param busy the limits
   * @param interval the longest time between two samples
   */
  private record Target(VdiSession session, Pod pod, VdiTemplate.Busy busy, Duration interval) {
    boolean usesGpu() {
      return busy.gpuAbove() != null && pod.gpus() > 0;
    }
  }

  /**
   * What the samples of one session show.
   *
   * @param lastKnown when the load was last known, or when the measurement began
   */
  private record Measurement(
      SessionKey session,
      String podUid,
      String node,
      UsageHistory cpu,
      UsageHistory gpu,
      Instant lastKnown,
      boolean reported) {}

  private final ResourceCache<VdiSession> sessions;
  private final ResourceCache<VdiTemplate> templates;
  private final ResourceCache<Pod> pods;
  private final Supplier<LoadConfig> config;
  private final Listener listener;
  private final InstantSource clock;
  private final KubeletClient kubelets;
  private final GpuExporterClient exporters;
  private final WorkQueue<String> queue;
  private final WorkerPool<String> workers;

  /** By UID of the session. */
  private final Map<String, Measurement> measurements = new ConcurrentHashMap<>();

  private final Set<String> monitoredNodes = ConcurrentHashMap.newKeySet();

  /** What did not answer when it was last asked. */
  private final Set<String> silent = ConcurrentHashMap.newKeySet();

  public LoadMonitor(
      KubeClient api,
      ResourceCache<VdiSession> sessions,
      ResourceCache<VdiTemplate> templates,
      ResourceCache<Pod> pods,
      Supplier<LoadConfig> config,
      Listener listener,
      InstantSource clock) {
    this.sessions = sessions;
    this.templates = templates;
    this.pods = pods;
    this.config = config;
    this.listener = listener;
    this.clock = clock;
    this.kubelets = new KubeletClient(api, clock);
    this.exporters = new GpuExporterClient(api);
    this.queue = new WorkQueue<>(Backoff.STANDARD, RandomGenerator.getDefault());
    this.workers =
        new WorkerPool<>(
            "load", queue, config.get().maxConcurrentRequests(), this::reconcile, clock);
  }

  public void start() {
    workers.start();
  }

  /** What is known about the load of this session; starts to measure it if it was not measured. */
  public Load of(VdiSession session) {
    Optional<Duration> interval = interval(session);
    if (interval.isEmpty()) {
      return new Load.NotMeasured();
    }
    Optional<Target> target = target(session, interval.get());
    if (target.isEmpty() || !target.get().pod().isScheduled()) {
      return new Load.Unknown("its pod has no node");
    }
    Instant now = clock.instant();
    Measurement measured = track(target.get(), now);
    return load(target.get(), measured.cpu(), measured.gpu(), now);
  }

  private Measurement track(Target target, Instant now) {
    Pod pod = target.pod();
    String node = pod.spec().nodeName();
    Measurement measurement =
        measurements.compute(
            target.session().uid(),
            (uid, before) ->
                before != null && before.podUid().equals(pod.uid())
                    ? before
                    : new Measurement(
                        SessionKey.of(target.session()),
                        pod.uid(),
                        node,
                        UsageHistory.NONE,
                        UsageHistory.NONE,
                        now,
                        false));
    if (monitoredNodes.add(node)) {
      queue.add(node);
    }
    return measurement;
  }

  /** How many sessions are treated as busy because their load is unknown. */
  public long unknown() {
    return measurements.values().stream().filter(Measurement::reported).count();
  }

  /** A node on which a worker is stuck. */
  public Optional<String> stuck() {
    return workers.stuck();
  }

  /** How often the load of this session is measured; empty: it is not measured. */
  private Optional<Duration> interval(VdiSession session) {
    return templates
        .get("", session.spec().template())
        .map(VdiTemplate::spec)
        .filter(template -> !template.busy().isEmpty())
        .flatMap(template -> Defaults.effectiveSpec(session.spec(), template).idleTimeout())
        .map(idle ->
            Collections.min(
                List.of(
                    config.get().interval(),
                    Collections.max(
                        List.of(MIN_INTERVAL, idle.dividedBy(SAMPLES_PER_IDLE_TIMEOUT))))));
  }

  private Optional<Target> target(VdiSession session, Duration interval) {
    return pods.get(session.namespace(), session.name())
        .filter(pod -> pod.metadata().isControlledBy(session.uid()))
        .flatMap(pod ->
            templates
                .get("", session.spec().template())
                .map(template -> new Target(session, pod, template.spec().busy(), interval)));
  }

  private ReconcileResult reconcile(String node) {
    // Before the measurements are read: a later one must queue the node again.
    monitoredNodes.remove(node);
    List<Target> targets = targets(node);
    if (targets.isEmpty()) {
      for (Source source : Source.values()) {
        silent.remove(source.of(node));
      }
      return new ReconcileResult.Done();
    }
    monitoredNodes.add(node);
    try {
      return new ReconcileResult.RequeueAfter(measure(node, targets));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ReconcileResult.Done();
    }
  }

  /** The sessions that are still measured on this node. Forgets the others. */
  private List<Target> targets(String node) {
    return measurements.entrySet().stream()
        .filter(entry -> entry.getValue().node().equals(node))
        .flatMap(entry -> {
          Measurement measurement = entry.getValue();
          Optional<Target> target =
              sessions
                  .get(measurement.session().namespace(), measurement.session().name())
                  .filter(session -> session.uid().equals(entry.getKey()))
                  .filter(ActivityMonitor::isRunning)
                  .flatMap(
                      session -> interval(session).flatMap(interval -> target(session, interval)))
                  .filter(found -> found.pod().uid().equals(measurement.podUid()));
          if (target.isEmpty()) {
            measurements.remove(entry.getKey(), measurement);
          }
          return target.stream();
        })
        .toList();
  }

  /** Returns when to ask the node again. */
  private Duration measure(String node, List<Target> targets) throws InterruptedException {
    LoadConfig settings = config.get();
    Scrape cpu = new Scrape.Samples(List.of());
    Scrape gpu = cpu;
    if (targets.stream().anyMatch(target -> target.busy().cpuAbove() != null)) {
      cpu = scrape(Source.KUBELET, node, settings);
    }
    if (targets.stream().anyMatch(Target::usesGpu)) {
      gpu = scrape(Source.DCGM, node, settings);
    }
    Instant now = clock.instant();
    for (Target target : targets) {
      update(target, cpu, gpu, now, settings);
    }
    Duration interval =
        targets.stream().map(Target::interval).min(Duration::compareTo).orElseThrow();
    Duration retry = interval.dividedBy(5);
    return cpu instanceof Scrape.Samples && gpu instanceof Scrape.Samples
        ? interval
        : retry.compareTo(MIN_RETRY_INTERVAL) > 0 ? retry : MIN_RETRY_INTERVAL;
  }

  private Scrape scrape(Source source, String node, LoadConfig settings)
      throws InterruptedException {
    if (!settings.enabled()) {
      return new Scrape.NoAnswer("the setting busy.enabled of the reaper is false");
    }
    Scrape scrape =
        switch (source) {
          case KUBELET -> kubelets.read(node, settings.kubelet(), settings.timeout());
          case DCGM -> exporters.read(node, settings.gpu(), settings.timeout());
        };
    listener.scraped(source, scrape instanceof Scrape.Samples);
    String key = source.of(node);
    return switch (scrape) {
      case Scrape.Samples samples -> {
        if (silent.remove(key)) {
          LOG.info("{} answers again", key);
        }
        yield samples;
      }
      case Scrape.NoAnswer(String reason) -> {
        if (silent.add(key)) {
          LOG.warn("{}: no metrics: {}", key, reason);
        }
        yield new Scrape.NoAnswer(key + ": " + reason);
      }
    };
  }

  private void update(Target target, Scrape cpu, Scrape gpu, Instant now, LoadConfig settings) {
    String uid = target.session().uid();
    Measurement before = measurements.get(uid);
    if (before == null || !before.podUid().equals(target.pod().uid())) {
      return;
    }
    Duration maxAge = LoadConfig.maxAge(target.interval(), settings.timeout());
    UsageHistory cpuUsage = cpu(target, before.cpu(), cpu, now, maxAge);
    UsageHistory gpuUsage = gpu(target, before.gpu(), gpu, now, maxAge);
    Load load = load(target, cpuUsage, gpuUsage, now);
    boolean known = !(load instanceof Load.Unknown);
    boolean report = !known && (before.reported() || before.lastKnown().plus(maxAge).isBefore(now));
    // If the session has got another pod meanwhile, its measurement has begun again.
    measurements.replace(
        uid,
        before,
        new Measurement(
            before.session(),
            before.podUid(),
            before.node(),
            cpuUsage,
            gpuUsage,
            known ? now : before.lastKnown(),
            report));
    if (load instanceof Load.Unknown(String reason) && report && !before.reported()) {
      LOG.warn("{}: its load is unknown; treating it as busy: {}", before.session(), reason);
      listener.loadUnknown(target.session(), reason);
    }
    if (!load(target, before.cpu(), before.gpu(), now).getClass().equals(load.getClass())) {
      listener.loadChanged(before.session());
    }
  }

  private static UsageHistory cpu(
      Target target, UsageHistory history, Scrape scrape, Instant now, Duration maxGap) {
    Optional<BigDecimal> limit = Quantities.parse(target.busy().cpuAbove());
    return switch (scrape) {
      case Scrape.NoAnswer(String reason) -> history.missing(reason);
      case Scrape.Samples samples ->
          samples.of(target.session().namespace(), target.pod().name()).stream()
              .filter(sample -> sample.timestamp().isPresent() && limit.isPresent())
              .findFirst()
              .map(sample ->
                  history.with(
                      new UsageHistory.Counter(
                          sample.value(), sample.timestamp().orElseThrow(), now),
                      limit.orElseThrow().doubleValue(),
                      maxGap))
              .orElseGet(() -> history.missing("the kubelet reports no CPU usage of the pod"));
    };
  }

  /** A pod can have several GPUs; the one with the highest utilization counts. */
  private static UsageHistory gpu(
      Target target, UsageHistory history, Scrape scrape, Instant now, Duration maxGap) {
    return switch (scrape) {
      case Scrape.NoAnswer(String reason) -> history.missing(reason);
      case Scrape.Samples samples ->
          target.usesGpu()
              ? samples.of(target.session().namespace(), target.pod().name()).stream()
                  .map(PrometheusText.Sample::value)
                  .max(Double::compare)
                  .map(percent -> history.with(percent, target.busy().gpuAbove(), now, maxGap))
                  .orElseGet(
                      () -> history.missing("the DCGM exporter reports no utilization for the pod"))
              : history;
    };
  }

  private Load load(Target target, UsageHistory cpu, UsageHistory gpu, Instant now) {
    Duration maxAge = LoadConfig.maxAge(target.interval(), config.get().timeout());
    Load load = target.busy().cpuAbove() == null ? new Load.NotMeasured() : cpu.at(now, maxAge);
    return target.usesGpu() ? load.and(gpu.at(now, maxAge)) : load;
  }

  @Override
  public void close() {
    try {
      workers.stop(config.get().timeout());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kubelets.close();
    exporters.close();
  }
}
