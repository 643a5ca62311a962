package io.vdi.operator.runtime;

import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeClientFactory;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.thread.FatalErrorHandler;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.config.ReloadableConfig;
import io.vdi.operator.runtime.leader.FormerLeader;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import io.vdi.operator.runtime.leader.LeaderElector;
import io.vdi.operator.runtime.leader.LeaseHolder;
import io.vdi.operator.runtime.schedule.Periodic;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a service, the same for all of them: it reads the configuration, serves health and
 * metrics, waits for the CRDs, syncs its caches, becomes the leader, works and stops in order.
 */
public final class ServiceRuntime<C extends ServiceConfig> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceRuntime.class);
  private static final Duration SYNC_POLL = Duration.ofMillis(20);
  private static final Duration CRD_POLL = Duration.ofSeconds(2);
  private static final Duration CONFIG_POLL = Duration.ofSeconds(2);

  /** A node's clock that is set while the service runs is noticed after this time. */
  private static final Duration CLOCK_INTERVAL = Duration.ofSeconds(30);

  private static final int OK = 0;
  private static final int LEASE_LOST = 1;
  private static final int STARTUP_FAILURE = 2;

  /** Why {@link #run} returned. */
  public enum ExitReason {
    STOPPED,
    /** Another replica may write now: this process must exit; the Deployment restarts it. */
    LEASE_LOST
  }

  private enum State {
    STARTING,
    SYNCING,
    READY,
    STOPPING
  }

  private final ServiceDefinition<C> definition;
  private final KubeClient api;
  private final ReloadableConfig<C> config;
  private final ApiServerClock apiServerClock;
  private final Periodic clockMeasurements;
  private final Optional<LeaderElector> elector;
  private final Service service;
  private final ObserveServer observeServer;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile State state = State.STARTING;
  private volatile String crdError = "";
  private volatile boolean elected;

  /**
   * Wires the service. Only the observe server runs yet.
   *
   * @param self this process, if it needs a Lease
   * @param clock the node's
   * @throws InvalidConfigException with every problem of the configuration
   */
  public ServiceRuntime(
      ServiceDefinition<C> definition,
      KubeClient api,
      ConfigLoader configLoader,
      LeaseHolder self,
      InstantSource clock)
      throws InvalidConfigException {
    this.definition = definition;
    this.api = api;
    this.config = new ReloadableConfig<>(configLoader, definition.parser());
    MeterRegistry meters = ObserveServer.meters();
    this.apiServerClock = new ApiServerClock(clock, System::nanoTime);
    this.clockMeasurements =
        new Periodic("api-server-clock", CLOCK_INTERVAL, () -> apiServerClock.measure(api));
    LeaderElectionConfig election = config.current().election();
    this.elector =
        election.enabled()
            ? Optional.of(new LeaderElector(api, election, self, clock, System::nanoTime))
            : Optional.empty();
    this.service =
        definition
            .factory()
            .create(
                new ServiceContext<>(api, config, meters, clock, apiServerClock, this::mayWrite));
    this.observeServer =
        ObserveServer.start(
            config.current().host(),
            config.current().port(),
            new ObserveServer.HealthSources(
                this::startupError, service::livenessError, this::readinessError),
            meters,
            service::pages);
  }

  /**
   * The main method of a service. Exits the JVM with 0 after SIGTERM, 1 when the Lease is lost, 2
   * when the configuration or the way to the cluster is unusable, and 4 when a thread that the
   * service needs has died ({@link FatalErrorHandler}).
   */
  public static <C extends ServiceConfig> void main(ServiceDefinition<C> definition) {
    try {
      main(definition, KubeClientFactory.fromEnvironment(), System.getenv());
    } catch (KubeClientFactory.ClusterUnavailableException e) {
      LOG.error("{}", e.getMessage());
      System.exit(STARTUP_FAILURE);
    }
  }

  /** The same, with this client and environment. */
  public static <C extends ServiceConfig> void main(
      ServiceDefinition<C> definition, KubeClient api, Map<String, String> environment) {
    try {
      ServiceRuntime<C> runtime =
          new ServiceRuntime<>(
              definition,
              api,
              new ConfigLoader(
                  ConfigLoader.mountedFile(environment), environment, definition.renamedKeys()),
              LeaseHolder.ofProcess(environment),
              InstantSource.system());
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    runtime.close();
                    // The default exit status of a JVM after SIGTERM is 143; this stop is in order.
                    Runtime.getRuntime().halt(OK);
                  },
                  "shutdown"));
      switch (runOrEndProcess(runtime)) {
        case STOPPED -> System.exit(OK);
        // Without the shutdown hook: it writes, and another replica leads now.
        case LEASE_LOST -> Runtime.getRuntime().halt(LEASE_LOST);
      }
    } catch (InvalidConfigException e) {
      LOG.error("{}", e.getMessage());
      System.exit(STARTUP_FAILURE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The main thread renews the Lease. If it died, the server's threads would keep the process
   * alive, without any work.
   */
  private static ExitReason runOrEndProcess(ServiceRuntime<?> runtime) throws InterruptedException {
    try {
      return runtime.run();
    } catch (RuntimeException | Error e) {
      FatalErrorHandler.END_PROCESS.failed("main", e);
      throw e;
    }
  }

  /** Runs until {@link #close} is called or the Lease is lost. */
  public ExitReason run() throws InterruptedException {
    LOG.info(
        "{} {}: health and metrics on port {}, settings from {}",
        definition.name(),
        service.getClass().getPackage().getImplementationVersion(),
        observeServer.port(),
        config.source());
    if (!awaitCrds()) {
      return ExitReason.STOPPED;
    }
    // Before any decision depends on the time.
    apiServerClock.measure(api);
    clockMeasurements.start();
    service.caches().forEach(ResourceCache::start);
    // First: a missing permission can be what the service waits for.
    Thread.ofVirtual().name("permissions").start(this::reportPermissions);
    service.connected();
    if (!awaitSync()) {
      return ExitReason.STOPPED;
    }
    service.ready();
    state = State.READY;
    LOG.info("ready");
    config.watch(CONFIG_POLL, changed -> service.configChanged());
    if (elector.isEmpty()) {
      work(FormerLeader.OTHER_REPLICA);
      stopping.await();
      return ExitReason.STOPPED;
    }
    return switch (elector.get().run(this::work)) {
      case RELEASED -> ExitReason.STOPPED;
      case LOST -> ExitReason.LEASE_LOST;
    };
  }

  private void work(FormerLeader former) {
    elected = true;
    service.elected(former);
  }

  /** Whether this replica works, and may still write. */
  private boolean mayWrite() {
    return elected && elector.map(LeaderElector::isLeader).orElse(true);
  }

  /** The port of health and metrics. */
  public int port() {
    return observeServer.port();
  }

  public Optional<String> readinessError() {
    return switch (state) {
      case STARTING -> Optional.of(crdError.isEmpty() ? "starting" : crdError);
      case STOPPING -> Optional.of("stopping");
      case SYNCING ->
          cacheError().or(service::readinessError).or(() -> Optional.of("caches are syncing"));
      case READY -> cacheError().or(service::readinessError);
    };
  }

  private Optional<String> startupError() {
    return state == State.STARTING && crdError.isEmpty()
        ? Optional.of("starting")
        : Optional.empty();
  }

  private Optional<String> cacheError() {
    return service.caches().stream()
        .filter(cache -> !cache.error().isEmpty())
        .findFirst()
        .map(cache -> "watching " + cache.resourceType().qualifiedName() + ": " + cache.error());
  }

  private void reportPermissions() {
    List<RequiredPermission> needed =
        RequiredPermissions.of(
                definition.name(),
                config.current().namespace(),
                config.current().watchedNamespaces())
            .stream()
            .filter(permission -> elector.isPresent() || !permission.resource().equals("leases"))
            .filter(service::requires)
            .toList();
    RequiredPermissions.report(api, needed, "the roles of " + definition.account());
  }

  private boolean awaitCrds() throws InterruptedException {
    for (ResourceType<?> type : List.of(ResourceType.SESSION, ResourceType.TEMPLATE)) {
      ApiResult<Boolean> served = api.serves(type);
      while (!(served instanceof ApiResult.Ok<Boolean>(Boolean yes) && yes)) {
        reportCrdError(
            served
                .failure()
                .map(failure -> "the API server cannot be reached: " + failure.message())
                .orElse(
                    "the cluster has no "
                        + type.qualifiedName()
                        + ": apply the CRDs in charts/vdi-operator/templates/crds"));
        if (stopping.await(CRD_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
          return false;
        }
        served = api.serves(type);
      }
    }
    state = State.SYNCING;
    return true;
  }

  private void reportCrdError(String error) {
    if (!error.equals(crdError)) {
      crdError = error;
      LOG.info("not ready: {}", error);
    }
  }

  private boolean awaitSync() throws InterruptedException {
    while (!service.caches().stream().allMatch(ResourceCache::isSynced)
        || service.readinessError().isPresent()) {
      if (stopping.await(SYNC_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return true;
  }

  /** Stops in order: drain, finish the work in progress, release the Lease, close connections. */
  @Override
  public void close() {
    state = State.STOPPING;
    try {
      service.drain();
      stopping.countDown();
      clockMeasurements.close();
      config.close();
      service.stop();
      if (elector.isPresent()) {
        elector.get().release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    service.caches().forEach(ResourceCache::close);
    observeServer.close();
    api.close();
    LOG.info("stopped");
  }
}
