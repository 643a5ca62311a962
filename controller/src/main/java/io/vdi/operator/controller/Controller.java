package io.vdi.operator.controller;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.thread.FatalErrorHandler;
import io.vdi.operator.controller.network.SharedObjectCleaner;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.AccessReconciler;
import io.vdi.operator.controller.session.BurstDetector;
import io.vdi.operator.controller.session.SessionMemory;
import io.vdi.operator.controller.session.SessionMetrics;
import io.vdi.operator.controller.session.SessionObserver;
import io.vdi.operator.controller.session.SessionPreparation;
import io.vdi.operator.controller.session.SessionReconciler;
import io.vdi.operator.controller.session.StatusWriter;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.apply.SecretGenerator;
import io.vdi.operator.controller.session.cache.ControllerCaches;
import io.vdi.operator.controller.session.cache.CrdWatcher;
import io.vdi.operator.controller.session.cache.DrainChecker;
import io.vdi.operator.controller.session.cache.TemplateReader;
import io.vdi.operator.controller.session.host.HostAllocator;
import io.vdi.operator.controller.session.host.ReleasedHosts;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.template.TemplateStatusUpdater;
import io.vdi.operator.controller.usage.UsageService;
import io.vdi.operator.runtime.Service;
import io.vdi.operator.runtime.ServiceContext;
import io.vdi.operator.runtime.ServiceDefinition;
import io.vdi.operator.runtime.ServiceRuntime;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.leader.FormerLeader;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
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

  /** At most 20 s: a status is no older than 30 s; docs/specification.md, section 3. */
  private static final Backoff BACKOFF =
      new Backoff(Duration.ofMillis(100), Duration.ofSeconds(20));

  /** Between two attempts to read what the former leader wrote. */
  private static final Duration TAKEOVER_RETRY = Duration.ofSeconds(1);

  private final KubeClient api;
  private final ReloadableConfig<ControllerConfig> settings;
  private final WorkQueue<SessionKey> queue;
  private final InstantSource clock;
  private final QuotaAdmitter quota;
  private final BurstDetector bursts;
  private final ControllerCaches caches;
  private final TemplateStatusUpdater templates;
  private final SharedObjectCleaner shared;
  private final List<CrdWatcher> crds;
  private final ReleasedHosts releasedHosts;
  private final UsageService usage;
  private final EventRecorder events;
  private final AccessReconciler access;
  private final SessionReconciler reconciler;
  private final WorkerPool<SessionKey> workers;
  private final BooleanSupplier mayWrite;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile boolean elected;

  private Controller(ServiceContext<ControllerConfig> context) {
    this.api = context.api();
    this.settings = context.config();
    this.clock = context.apiServerClock();
    this.mayWrite = context.mayWrite();
    MeterRegistry meters = context.meters();
    ControllerConfig config = settings.current();
    this.queue = new WorkQueue<>(BACKOFF, RandomGenerator.getDefault());
    this.bursts = new BurstDetector(config.workers());
    this.caches =
        ControllerCaches.of(
            api,
            config.watchedNamespaces(),
            clock,
            new ControllerCaches.Listeners(
                this::sessionChanged,
                this::templateChanged,
                this::podChanged,
                this::policyChanged,
                this::routePartChanged,
                this::nodeChanged,
                this::childChanged));
    this.quota = new QuotaAdmitter(caches, () -> settings.current().quota(), clock, meters);
    this.templates = new TemplateStatusUpdater(api, caches);
    this.shared =
        new SharedObjectCleaner(
            api, caches, () -> settings.current().session(), context.mayWrite());
    this.crds =
        caches.ofOtherProjects().stream()
            .map(cache -> new CrdWatcher(api, cache, this::checkAll))
            .toList();
    this.events = new EventRecorder(api, "vdi-controller", clock);
    SessionMetrics metrics = new SessionMetrics(meters);
    this.releasedHosts =
        new ReleasedHosts(api, config.election().namespace(), clock, context.mayWrite());
    this.usage =
        new UsageService(
            api,
            caches,
            config.election().namespace(),
            () -> settings.current().usage(),
            clock,
            context.mayWrite(),
            events,
            meters);
    HostAllocator hosts =
        new HostAllocator(caches, () -> settings.current().hosts(), releasedHosts);
    SessionMemory memory =
        new SessionMemory(
            RandomGenerator.getDefault(),
            uid -> {
              hosts.release(uid);
              quota.forget(uid);
              usage.recorder().forget(uid);
            });
    PlanExecutor executor =
        new PlanExecutor(api, caches, new SecretGenerator(new SecureRandom()), context.mayWrite());
    SessionObserver observer = new SessionObserver(caches, this::isServed);
    this.access =
        new AccessReconciler(observer, executor, metrics, bursts, BACKOFF, clock, queue::add);
    this.reconciler =
        new SessionReconciler(
            new SessionPreparation(
                new TemplateReader(api, caches),
                observer,
                hosts,
                new DrainChecker(api, caches),
                memory),
            quota,
            usage.recorder(),
            executor,
            access,
            new StatusWriter(executor, memory, bursts, events, metrics),
            memory,
            () -> settings.current().session(),
            clock);
    this.workers =
        new WorkerPool<>(
            "session",
            queue,
            config.workers(),
            metrics.timed(bursts.countingStarts(reconciler::reconcile)),
            clock);
    metrics.watch(
        caches,
        () -> queue.depth() + access.depth(),
        () -> queue.retrying() + access.retrying(),
        context.mayWrite(),
        settings::isValid);
  }

  @Override
  public List<ResourceCache<?>> caches() {
    return caches.always();
  }

  @Override
  public boolean requires(RequiredPermission permission) {
    // All kinds of route are in the role; this configuration creates at most one of them.
    boolean onlyRead = List.of("list", "watch").contains(permission.verb());
    return switch (permission.resource()) {
      case "ingressroutes", "serverstransports" ->
          ingressKind() == SessionConfig.IngressKind.TRAEFIK;
      case "ingresses" -> onlyRead || ingressKind() == SessionConfig.IngressKind.INGRESS;
      case "httproutes" -> ingressKind() == SessionConfig.IngressKind.GATEWAY;
      case "middlewares" -> settings.current().session().middleware().isPresent();
      case "services" ->
          !permission.verb().equals("delete")
              || settings.current().session().ingressNginx().isPresent();
      case "roles", "rolebindings" -> settings.current().session().access().isPresent();
      default -> true;
    };
  }

  private SessionConfig.IngressKind ingressKind() {
    return settings.current().session().ingress().kind();
  }

  @Override
  public void connected() throws InterruptedException {
    // Not in caches(): a cluster that does not let the controller read them still gets desktops.
    caches.access().forEach(ResourceCache::start);
    caches.nodes().start();
    crds.forEach(CrdWatcher::start);
    usage.connect();
    for (CrdWatcher crd : crds) {
      if (isRequired(crd.resourceType())) {
        crd.awaitResult();
      } else {
        crd.awaitOptionalResult();
      }
    }
  }

  /** Whether sessions get no route with this configuration while the type is not served. */
  private boolean isRequired(ResourceType<?> type) {
    SessionConfig config = settings.current().session();
    return type.equals(ResourceType.MIDDLEWARE)
        ? config.middleware().isPresent()
        : config.ingress().kind() != SessionConfig.IngressKind.NONE
            && type.equals(config.routeType());
  }

  /** Types of Kubernetes itself are always served. */
  private boolean isServed(ResourceType<?> type) {
    return crds.stream()
        .filter(crd -> crd.resourceType().equals(type))
        .allMatch(CrdWatcher::served);
  }

  @Override
  public void configChanged() {
    shared.changed();
    checkAll();
  }

  /** Returns immediately: the caller renews the Lease, and must not wait for the API server. */
  @Override
  public void elected(FormerLeader former) {
    FatalErrorHandler.END_PROCESS.thread("takeover").start(() -> takeOver(former));
  }

  private void takeOver(FormerLeader former) {
    try {
      if ((former == FormerLeader.EARLIER_PROCESS || refreshCaches()) && readState()) {
        startWork();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Reads what the former leader wrote last. A watch may lag behind it; without this, a host could
   * be given to two sessions, a pod that exists be created again, and a desktop that runs be
   * reported as Pending because of objects that were deleted long ago.
   *
   * @return false if this replica stops or loses the Lease before all are read
   */
  private boolean refreshCaches() throws InterruptedException {
    List<ResourceCache<?>> watched = new ArrayList<>(caches.always());
    caches.ofOtherProjects().stream()
        .filter(cache -> isServed(cache.resourceType()))
        .forEach(watched::add);
    for (ResourceCache<?> cache : watched) {
      ApiResult<Integer> result = cache.refresh();
      // Not found: the CRD has been deleted since, and its objects with it.
      while (result.failure().isPresent() && !result.isNotFound()) {
        LOG.warn(
            "cannot list {} before taking over: {}; trying again",
            cache.resourceType().qualifiedName(),
            result.failure().get().message());
        if (!awaitRetry()) {
          return false;
        }
        result = cache.refresh();
      }
    }
    // Without the permission to read nodes, the controller does not know which are lost or drained.
    // Sessions are more important than nodes and the record of use.
    return read("list nodes", () -> caches.nodes().refresh().failure())
        && read("list the usage", usage::refresh);
  }

  /** Reads what no cache has. Without the permission to read it, desktops work. */
  private boolean readState() throws InterruptedException {
    return read("read the released hosts", releasedHosts::load)
        && read("read the usage", usage::takeOver);
  }

  private boolean read(String what, Supplier<Optional<ApiFailure>> action)
      throws InterruptedException {
    Optional<ApiFailure> failure = action.get();
    while (failure.isPresent()) {
      LOG.warn("cannot {} before taking over: {}", what, failure.get().message());
      if (failure.get() instanceof ApiFailure.Permanent) {
        return true;
      }
      if (!awaitRetry()) {
        return false;
      }
      failure = action.get();
    }
    return true;
  }

  /** Returns false if this replica stops or has lost the Lease: then there is no other attempt. */
  private boolean awaitRetry() throws InterruptedException {
    return mayWrite.getAsBoolean()
        && !stopping.await(TAKEOVER_RETRY.toMillis(), TimeUnit.MILLISECONDS);
  }

  private synchronized void startWork() {
    if (stopping.getCount() == 0) {
      return;
    }
    reconciler.restore();
    // Created, changed or deleted while no controller led: they have waited.
    sessions(Controller::isUnhandled).forEach(queue::add);
    workers.start();
    access.start();
    elected = true;
    templates.start();
    shared.start();
    usage.start();
    checkAll();
  }

  @Override
  public Optional<String> livenessError() {
    return workers.stuck().or(access::stuck).map(key -> "a worker is stuck on " + key);
  }

  private void sessionChanged(ResourceCache.Change<VdiSession> change) {
    VdiSession session = change.object();
    if (elected && isResume(change)) {
      quota.resumed(session);
    }
    if (change.before().isPresent() && change.concerns(VdiSession::spec)) {
      // It was deleted or suspended, or requests less: sessions in the queue may move up.
      quota.due().forEach(queue::add);
    }
    if (change.now().isEmpty() || change.before().isEmpty()) {
      templates.changed();
      shared.changed();
    }
    SessionKey key = SessionKey.of(session);
    if (change.before().isEmpty()) {
      bursts.arrived(key, clock.instant());
    }
    changed(key);
  }

  private static boolean isResume(ResourceCache.Change<VdiSession> change) {
    return change.before().filter(before -> before.spec().suspended()).isPresent()
        && change.now().filter(now -> !now.spec().suspended()).isPresent();
  }

  /** A template that is created, changed or deleted affects every session that names it. */
  private void templateChanged(ResourceCache.Change<VdiTemplate> change) {
    templates.changed();
    if (!change.concerns(VdiTemplate::spec)) {
      return;
    }
    String name = change.object().name();
    sessions(session -> session.spec().template().equals(name)).forEach(queue::addLowPriority);
  }

  /** A pod that is deleted or finished uses no quota: sessions in the queue may move up. */
  private void podChanged(ResourceCache.Change<Pod> change) {
    childChanged(change.object());
    if (change.now().filter(pod -> !pod.isFinished()).isEmpty()) {
      quota.due().forEach(queue::add);
    }
  }

  /** Sessions report the node of their pod while it is not ready, and while it is drained. */
  private void nodeChanged(ResourceCache.Change<Node> change) {
    if (change.concerns(Node::status) || change.concerns(Node::spec)) {
      caches.pods().list().stream()
          .filter(pod -> pod.spec().nodeName().equals(change.object().name()))
          .forEach(this::childChanged);
    }
  }

  /** A policy that was deleted or changed by another client is written again. */
  private void policyChanged(KubeObject policy) {
    shared.changed();
    sessions(session ->
            session.namespace().equals(policy.namespace())
                && ResourceNames.networkPolicy(session.spec().template()).equals(policy.name()))
        .forEach(queue::add);
  }

  /** A Middleware that was deleted or changed by another client is written again. */
  private void routePartChanged(KubeObject part) {
    shared.changed();
    sessions(session -> session.namespace().equals(part.namespace())).forEach(queue::add);
  }

  private void childChanged(KubeObject child) {
    child
        .metadata()
        .label(Labels.INSTANCE)
        .ifPresentOrElse(
            session -> changed(new SessionKey(child.namespace(), session)),
            // The Service of the gate.
            () -> routePartChanged(child));
  }

  private static boolean isUnhandled(VdiSession session) {
    return session.status().observedGeneration() != session.metadata().generation();
  }

  /**
   * Before this replica leads, each object of the first lists is a change, and the leader handles
   * later ones.
   */
  private void changed(SessionKey key) {
    if (elected) {
      queue.add(key);
    } else {
      queue.addLowPriority(key);
    }
  }

  private void checkAll() {
    sessions(session -> true).forEach(queue::addLowPriority);
  }

  private Stream<SessionKey> sessions(Predicate<VdiSession> which) {
    return caches.sessions().list().stream().filter(which).map(SessionKey::of);
  }

  @Override
  public void stop() throws InterruptedException {
    synchronized (this) {
      stopping.countDown();
    }
    crds.forEach(CrdWatcher::close);
    templates.close();
    shared.close();
    usage.stop();
    access.close();
    if (elected) {
      long start = System.nanoTime();
      boolean finished = workers.stop(PATIENCE);
      finished &= access.stop(PATIENCE.minusNanos(System.nanoTime() - start));
      if (!finished) {
        LOG.warn("some work was still in progress after {} s", PATIENCE.toSeconds());
      }
    }
    events.close();
    usage.close();
    caches.close();
  }
}
