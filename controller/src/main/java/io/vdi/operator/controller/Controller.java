package io.vdi.operator.controller;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.BurstDetector;
import io.vdi.operator.controller.session.HostAllocator;
import io.vdi.operator.controller.session.ResyncSchedule;
import io.vdi.operator.controller.session.SessionMetrics;
import io.vdi.operator.controller.session.SessionObserver;
import io.vdi.operator.controller.session.SessionReconciler;
import io.vdi.operator.controller.session.StatusWriteThrottle;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.apply.SecretGenerator;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.cache.DesiredStateCache;
import io.vdi.operator.controller.session.cache.TraefikCrdWatcher;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.template.TemplateStatusUpdater;
import io.vdi.operator.runtime.RequiredPermission;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the controller, and turns changes in the cluster into keys in its queue. */
public final class Controller implements Service {
  /** For {@link ServiceRuntime}. */
  public static final ServiceDefinition<ControllerConfig> SERVICE =
      new ServiceDefinition<>("controller", ControllerConfig::from, Map.of(), Controller::new);

  private static final Logger LOG = LoggerFactory.getLogger(Controller.class);

  /** Time for the work in progress after SIGTERM; docs/specification.md, section 6. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final KubeClient api;
  private final ReloadableConfig<ControllerConfig> settings;
  private final WorkQueue<SessionKey> queue;
  private final DesiredStateCache blueprints = new DesiredStateCache();
  private final HostAllocator hosts = new HostAllocator();
  private final StatusWriteThrottle pace = new StatusWriteThrottle();
  private final InstantSource clock;
  private final QuotaAdmitter quota;
  private final BurstDetector newcomers;
  private final ResyncSchedule drift;
  private final ControllerCaches caches;
  private final TemplateStatusUpdater usage;
  private final TraefikCrdWatcher traefik;
  private final EventRecorder events;
  private final SessionObserver gatherer;
  private final WorkerPool<SessionKey> loop;
  private volatile boolean elected;

  private Controller(ServiceContext<ControllerConfig> context) {
    this.api = context.api();
    this.settings = context.config();
    this.clock = context.clock();
    MeterRegistry meters = context.meters();
    ControllerConfig config = settings.current();
    this.queue = new WorkQueue<>(Backoff.STANDARD, RandomGenerator.getDefault());
    this.newcomers = new BurstDetector(config.workers());
    this.drift = new ResyncSchedule(RandomGenerator.getDefault());
    this.caches =
        ControllerCaches.of(
            api,
            clock,
            new ControllerCaches.Listeners(
                this::sessionChanged, this::templateChanged, this::podChanged, this::childChanged));
    this.quota = new QuotaAdmitter(caches, () -> settings.current().quota(), clock, meters);
    this.usage = new TemplateStatusUpdater(api, caches);
    this.traefik = new TraefikCrdWatcher(api, caches, this::addAll);
    this.events = new EventRecorder(api, "vdi-controller", clock);
    this.gatherer =
        new SessionObserver(caches, hosts, () -> settings.current().plan(), traefik::served);
    SessionMetrics metrics = new SessionMetrics(meters);
    SessionReconciler reconciler =
        new SessionReconciler(
            caches,
            gatherer,
            blueprints,
            new PlanExecutor(
                api, caches, new SecretGenerator(new SecureRandom()), context.mayWrite()),
            quota,
            newcomers,
            pace,
            drift,
            events,
            metrics,
            settings::current,
            clock);
    this.loop = new WorkerPool<>("session", queue, config.workers(), reconciler::reconcile, clock);
    metrics.watch(caches, queue, context.mayWrite(), settings::isValid);
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return caches.always();
  }

  @Override
  public boolean requires(RequiredPermission permission) {
    // Both kinds of route are in the role; this configuration creates at most one of them.
    boolean onlyRead = List.of("list", "watch").contains(permission.verb());
    return switch (permission.resource()) {
      case "ingressroutes" -> ingressKind() == SessionConfig.IngressKind.TRAEFIK;
      case "ingresses" -> onlyRead || ingressKind() == SessionConfig.IngressKind.INGRESS;
      default -> true;
    };
  }

  private SessionConfig.IngressKind ingressKind() {
    return settings.current().plan().ingress().kind();
  }

  @Override
  public void connected() throws InterruptedException {
    traefik.start();
  }

  @Override
  public void configChanged() {
    addAll();
  }

  @Override
  public void elected() {
    gatherer.restoreHosts();
    loop.start();
    elected = true;
    usage.start();
    addAll();
  }

  @Override
  public Optional<String> livenessError() {
    return loop.stuck().map(key -> "a worker is stuck on " + key);
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    if (change.now().isEmpty()) {
      hosts.release(session.uid());
      blueprints.forget(session.uid());
      pace.forget(session.uid());
      drift.forget(session.uid());
      quota.forget(session.uid());
    }
    if (change.before().isPresent() && change.concerns(VdiSession::spec)) {
      // It has gone, is suspended, or wants less: others in line may move up.
      quota.due().forEach(queue::add);
    }
    if (change.now().isEmpty() || change.before().isEmpty()) {
      usage.changed();
    }
    SessionKey key = SessionKey.of(session);
    if (change.before().isEmpty()) {
      newcomers.arrived(key, clock.instant());
    }
    queue.add(key);
  }

  /** A template that appears, changes or goes concerns every session that names it. */
  private void templateChanged(ResourceCache.Change<VdiTemplate> change) {
    usage.changed();
    if (!change.concerns(VdiTemplate::spec)) {
      return;
    }
    String name = change.object().name();
    caches.sessions().list().stream()
        .filter(session -> session.spec().template().equals(name))
        .forEach(session -> queue.add(SessionKey.of(session)));
  }

  /** A pod that has gone, or will never run again, may have made room for those in line. */
  private void podChanged(ResourceCache.Change<Pod> change) {
    childChanged(change.object());
    if (change.now().filter(pod -> !pod.isFinished()).isEmpty()) {
      quota.due().forEach(queue::add);
    }
  }

  private void childChanged(KubeObject child) {
    child
        .metadata()
        .label(Labels.INSTANCE)
        .ifPresent(session -> queue.add(new SessionKey(child.namespace(), session)));
  }

  private void addAll() {
    caches.sessions().list().forEach(session -> queue.add(SessionKey.of(session)));
  }

  @Override
  public void stop() throws InterruptedException {
    traefik.close();
    usage.close();
    if (elected && !loop.stop(PATIENCE)) {
      LOG.warn("some work was still in progress after {} s", PATIENCE.toSeconds());
    }
    events.close();
    caches.close();
  }
}
