package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.vdi.operator.common.kube.RequiredPermission;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.CapturedLog;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.runtime.config.ConfigLoader;
import io.vdi.operator.runtime.config.InvalidConfigException;
import io.vdi.operator.runtime.leader.FormerLeader;
import io.vdi.operator.runtime.leader.LeaderElectionConfig;
import io.vdi.operator.runtime.leader.LeaderElector;
import io.vdi.operator.runtime.leader.LeaseHolder;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServiceRuntimeTest {
  private static final LeaderElectionConfig ELECTION =
      new LeaderElectionConfig(
          true,
          "vdi-system",
          "recording",
          new LeaderElector.LeaseTiming(
              Duration.ofMillis(900), Duration.ofMillis(600), Duration.ofMillis(50)));
  private static final String CRDS =
      """
      {"resources": [{"name": "vdisessions"}, {"name": "vditemplates"}]}
      """;

  private final FakeApiServer server = FakeApiServer.start();
  private final CapturedLog log = CapturedLog.of(RequiredPermissions.class);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<ServiceRuntime<Config>> started = new CopyOnWriteArrayList<>();
  private volatile InstantSource clock = InstantSource.system();

  @BeforeEach
  void serveCrds() {
    server.respond(request -> request.path().equals("/apis/vdi.kasm.io/v1alpha1"), 200, CRDS);
  }

  @AfterEach
  void stop() throws Exception {
    for (ServiceRuntime<Config> runtime : started) {
      runtime.close();
    }
    threads.close();
    server.close();
    log.close();
  }

  @Test
  void aServiceIsConnectedReadyAndElectedInThisOrderAndStopsAfterItHasDrained() throws Exception {
    Recording recording = new Recording(LeaderElectionConfig.NONE);
    ServiceRuntime<Config> runtime = recording.runtime();
    Future<ServiceRuntime.ExitReason> exit = run(runtime);
    recording.awaitStep("elected");
    assertThat(runtime.readinessError()).isEmpty();
    runtime.close();
    assertThat(exit.get(10, TimeUnit.SECONDS)).isEqualTo(ServiceRuntime.ExitReason.STOPPED);
    assertThat(recording.steps)
        .containsExactly(
            "connected synced=false", "ready synced=true", "elected write=true", "drain", "stop");
  }

  @Test
  void theTimeOfTheApiServerIsMeasuredBeforeTheServiceStarts() throws Exception {
    clock = InstantSource.offset(InstantSource.system(), Duration.ofHours(3));
    Recording recording = new Recording(LeaderElectionConfig.NONE);
    start(recording.runtime());
    recording.awaitStep("connected");
    assertThat(recording.apiServerClock.get().offset())
        .isBetween(Duration.ofHours(-3).minusSeconds(5), Duration.ofHours(-3).plusSeconds(5));
  }

  @Test
  void withoutTheCrdsItIsNotReadyAndNamesTheMissingOne() throws Exception {
    server.respondNormally();
    server.respond(
        request -> request.path().equals("/apis/vdi.kasm.io/v1alpha1"),
        404,
        "{\"message\": \"x\"}");
    Recording recording = new Recording(LeaderElectionConfig.NONE);
    ServiceRuntime<Config> runtime = recording.runtime();
    start(runtime);
    await()
        .untilAsserted(() ->
            assertThat(runtime.readinessError())
                .contains(
                    "the cluster has no vdisessions.vdi.kasm.io: apply the CRDs in"
                        + " charts/vdi-operator/templates/crds"));
    assertThat(recording.steps).isEmpty();
    server.respondNormally();
    serveCrds();
    recording.awaitStep("elected");
  }

  @Test
  void itIsNotReadyBeforeTheServiceItselfIs() throws Exception {
    Recording recording = new Recording(LeaderElectionConfig.NONE);
    recording.readinessError = Optional.of("no certificate yet");
    ServiceRuntime<Config> runtime = recording.runtime();
    start(runtime);
    await()
        .untilAsserted(() -> assertThat(runtime.readinessError()).contains("no certificate yet"));
    recording.awaitStep("connected");
    assertThat(recording.steps).hasSize(1);
    recording.readinessError = Optional.empty();
    recording.awaitStep("elected");
  }

  @Test
  void oneOfTwoReplicasWorksAndTheOtherTakesOverWhenItStops() throws Exception {
    Recording first = new Recording(ELECTION);
    ServiceRuntime<Config> firstRuntime = first.runtime();
    start(firstRuntime);
    first.awaitStep("elected");
    Recording second = new Recording(ELECTION);
    ServiceRuntime<Config> secondRuntime = second.runtime();
    start(secondRuntime);
    await().untilAsserted(() -> assertThat(secondRuntime.readinessError()).isEmpty());
    assertThat(second.mayWrite.getAsBoolean()).isFalse();
    firstRuntime.close();
    second.awaitStep("elected");
    assertThat(first.mayWrite.getAsBoolean()).isFalse();
    assertThat(second.mayWrite.getAsBoolean()).isTrue();
  }

  @Test
  void aReplicaThatCannotRenewItsLeaseMayNotWriteAndMustExit() throws Exception {
    Recording recording = new Recording(ELECTION);
    ServiceRuntime<Config> runtime = recording.runtime();
    Future<ServiceRuntime.ExitReason> exit = run(runtime);
    recording.awaitStep("elected");
    server.disconnect(request -> request.path().contains("/leases"));
    assertThat(exit.get(20, TimeUnit.SECONDS)).isEqualTo(ServiceRuntime.ExitReason.LEASE_LOST);
    assertThat(recording.mayWrite.getAsBoolean()).isFalse();
  }

  @Test
  void eachPermissionThatIsMissingAndNeededIsLogged() throws Exception {
    server.respond(
        request -> request.path().endsWith("/selfsubjectaccessreviews"),
        201,
        "{\"status\": {\"allowed\": false}}");
    Recording recording = new Recording(LeaderElectionConfig.NONE);
    start(recording.runtime());
    await()
        .untilAsserted(() ->
            assertThat(log.messages(Level.WARN))
                .containsExactly(
                    "RBAC: this service may not list nodes: grant it in the roles of vdi-recording",
                    "RBAC: this service may not list pods: grant it in the roles of"
                        + " vdi-recording"));
  }

  @Test
  void anInvalidConfigurationStartsNothing() {
    assertThatThrownBy(() ->
            new ServiceRuntime<>(
                new ServiceDefinition<Config>(
                    "recording",
                    config -> {
                      throw new InvalidConfigException(List.of("size: must be 1"));
                    },
                    Map.of(),
                    context -> new Recording(LeaderElectionConfig.NONE)),
                server.client(),
                new ConfigLoader(Optional.empty(), Map.of()),
                LeaseHolder.ofProcess(Map.of()),
                InstantSource.system()))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessage("size: must be 1");
  }

  private void start(ServiceRuntime<Config> runtime) {
    var unused = run(runtime);
  }

  private Future<ServiceRuntime.ExitReason> run(ServiceRuntime<Config> runtime) {
    started.add(runtime);
    return threads.submit(runtime::run);
  }

  private record Config(String host, int port, LeaderElectionConfig election, String namespace)
      implements ServiceConfig {}

  /** A service that writes down how it is called. */
  private final class Recording implements Service {
    private final LeaderElectionConfig election;
    private final List<String> steps = new CopyOnWriteArrayList<>();
    private final ResourceCache<VdiSession> sessions =
        new ResourceCache<>(
            server.client(), ResourceType.SESSION, "", InstantSource.system(), change -> {});
    private volatile Optional<String> readinessError = Optional.empty();
    private volatile BooleanSupplier mayWrite = () -> false;
    private final AtomicReference<ApiServerClock> apiServerClock = new AtomicReference<>();

    Recording(LeaderElectionConfig election) {
      this.election = election;
    }

    ServiceRuntime<Config> runtime() throws InvalidConfigException {
      return new ServiceRuntime<>(
          new ServiceDefinition<>(
              "recording",
              config -> new Config("127.0.0.1", 0, election, "vdi-system"),
              Map.of(),
              context -> {
                mayWrite = context.mayWrite();
                apiServerClock.set(context.apiServerClock());
                return this;
              }),
          server.client(),
          new ConfigLoader(Optional.empty(), Map.of()),
          LeaseHolder.ofProcess(Map.of()),
          clock);
    }

    void awaitStep(String step) {
      await().until(() -> steps.stream().anyMatch(done -> done.startsWith(step)));
    }

    @Override
    public List<ResourceCache<?>> caches() {
      return List.of(sessions);
    }

    @Override
    public boolean requires(RequiredPermission permission) {
      return !permission.resource().equals("services");
    }

    @Override
    public void connected() {
      steps.add("connected synced=" + sessions.isSynced());
    }

    @Override
    public void ready() {
      steps.add("ready synced=" + sessions.isSynced());
    }

    @Override
    public void elected(FormerLeader former) {
      steps.add("elected write=" + mayWrite.getAsBoolean());
    }

    @Override
    public void drain() {
      steps.add("drain");
    }

    @Override
    public void stop() {
      steps.add("stop");
    }

    @Override
    public Optional<String> readinessError() {
      return readinessError;
    }
  }
}
