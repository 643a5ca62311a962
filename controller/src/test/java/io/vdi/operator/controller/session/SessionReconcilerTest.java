package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.helidon.metrics.api.MeterRegistry;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.controller.quota.QuotaAdmitter;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.apply.SecretGenerator;
import io.vdi.operator.controller.session.cache.DrainChecker;
import io.vdi.operator.controller.session.cache.TemplateReader;
import io.vdi.operator.controller.session.host.HostAllocator;
import io.vdi.operator.controller.session.host.HostRules;
import io.vdi.operator.controller.session.host.ReleasedHosts;
import io.vdi.operator.controller.usage.UsageService;
import io.vdi.operator.controller.usage.UsageSettings;
import io.vdi.operator.runtime.workqueue.Backoff;
import io.vdi.operator.runtime.workqueue.WorkQueue;
import io.vdi.operator.runtime.workqueue.WorkerPool;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SessionReconcilerTest {
  private static final SessionKey KEY = new SessionKey(FakeCluster.NAMESPACE, "desk");

  private final WorkQueue<SessionKey> queue = new WorkQueue<>(Backoff.STANDARD, new Random(1));
  private final FakeCluster cluster =
      FakeCluster.watched(change -> queue.add(SessionKey.of(change.object())));
  private final MeterRegistry meters = FakeCluster.emptyMeters();
  private final EventRecorder events =
      new EventRecorder(cluster.client, "vdi-controller", cluster.clock());
  private final HostAllocator hosts =
      new HostAllocator(
          cluster.caches,
          () -> new HostRules(Set.of(), Duration.ofHours(24)),
          new ReleasedHosts(cluster.client, "vdi-system", cluster.clock(), () -> true));
  private final List<String> forgotten = new CopyOnWriteArrayList<>();
  private QuotaLimits limits = new QuotaLimits(QuotaLimits.Mode.REJECT, Map.of());
  private final QuotaAdmitter quota =
      new QuotaAdmitter(cluster.caches, () -> limits, cluster.clock(), meters);
  private final SessionMemory memory =
      new SessionMemory(
          new Random(1),
          uid -> {
            forgotten.add(uid);
            hosts.release(uid);
            quota.forget(uid);
          });
  private final PlanExecutor executor =
      new PlanExecutor(
          cluster.client, cluster.caches, new SecretGenerator(new Random(1)), () -> true);
  private final SessionObserver observer = new SessionObserver(cluster.caches, type -> true);
  private final SessionMetrics metrics = new SessionMetrics(meters);
  private final BurstDetector bursts = new BurstDetector(4);
  private final List<SessionKey> reported = new CopyOnWriteArrayList<>();
  private final AccessReconciler access =
      new AccessReconciler(
          observer, executor, metrics, bursts, Backoff.STANDARD, cluster.clock(), reported::add);
  private final SessionReconciler reconciler =
      new SessionReconciler(
          new SessionPreparation(
              new TemplateReader(cluster.client, cluster.caches),
              observer,
              hosts,
              new DrainChecker(cluster.client, cluster.caches),
              memory),
          quota,
          new UsageService(
                  cluster.client,
                  cluster.caches,
                  "vdi-system",
                  () -> new UsageSettings(Duration.ZERO, GpuBudgets.NONE, ZoneOffset.UTC),
                  cluster.clock(),
                  () -> true,
                  events,
                  meters)
              .recorder(),
          executor,
          access,
          new StatusWriter(executor, memory, bursts, events, metrics),
          memory,
          () -> FakeCluster.CONFIG,
          cluster.clock());
  private final WorkerPool<SessionKey> workers =
      new WorkerPool<>("session", queue, 4, reconciler::reconcile, cluster.clock());

  @AfterEach
  void close() {
    queue.close();
    access.close();
    events.close();
    cluster.close();
  }

  @Test
  @DisplayName("one pass creates the pod and what it needs, the next one gives access")
  void twoPassesCreateAllChildrenAndWriteTheStatus() {
    cluster.putTemplate(", \"gpu\": {\"deviceClassName\": \"gpu.example.com\"}");
    cluster.putSession("desk", "alice@example.com", "");
    assertThat(reconciler.reconcile(KEY)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(pod()).isPresent();
    reconciler.reconcile(KEY);
    access.reconcile(KEY);
    for (ChildKind kind : ChildKind.values()) {
      assertThat(
              cluster.server.find(
                  kind.resourceTypes().getFirst(), FakeCluster.NAMESPACE, kind.nameFor("desk")))
          .as("%s", kind)
          .isPresent();
    }
    JsonObject session =
        cluster.server.find(ResourceType.SESSION, FakeCluster.NAMESPACE, "desk").orElseThrow();
    assertThat(session.getAsJsonObject("metadata").getAsJsonArray("finalizers").toString())
        .contains(VdiSession.FINALIZER);
    assertThat(session.getAsJsonObject("status").get("phase").getAsString()).isEqualTo("Pending");
    assertThat(session.getAsJsonObject("status").get("url").getAsString())
        .isEqualTo("https://alice.vdi.example.com");
  }

  /** A user waits for all of these, so the pod does not wait until a watch reports its home. */
  @Test
  void thePodIsCreatedRightAfterHomeAndRouteWithoutAWatchEvent() {
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    cluster.server.pauseWatches(true);
    reconciler.reconcile(KEY);
    List<String> created =
        cluster
            .server
            .requests(
                request -> request.method().equals("POST") && !request.path().endsWith("/events"))
            .stream()
            .map(request -> request.path().substring(request.path().lastIndexOf('/') + 1))
            .toList();
    int pod = created.indexOf("pods");
    assertThat(created.subList(0, pod))
        .containsExactlyInAnyOrder(
            "secrets", "persistentvolumeclaims", "services", "ingressroutes");
  }

  @Test
  void aPassAfterAllIsCreatedWritesNothing() {
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    reconciler.reconcile(KEY);
    reconciler.reconcile(KEY);
    access.reconcile(KEY);
    int writes = writes();
    assertThat(reconciler.reconcile(KEY)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(access.reconcile(KEY)).isEqualTo(new ReconcileResult.Done());
    assertThat(writes()).isEqualTo(writes);
  }

  @Test
  @DisplayName("a Role that takes long delays neither a stop nor the status")
  void slowRole() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch requested = cluster.server.block(SessionReconcilerTest::createsRole, release);
    access.start();
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    reconciler.reconcile(KEY);
    reconciler.reconcile(KEY);
    requested.await();
    cluster.putSession("desk", "alice@example.com", ", \"suspended\": true");
    reconciler.reconcile(KEY);
    assertThat(pod()).isEmpty();
    await()
        .until(() -> {
          reconciler.reconcile(KEY);
          return status().is(Phase.SUSPENDED);
        });
    release.countDown();
    await().until(() -> find(ChildKind.ROLE_BINDING).isPresent());
    assertThat(access.stop(Duration.ofSeconds(10))).isTrue();
  }

  @Test
  @DisplayName("a refused Role is in the status after 3 s, and until it is written")
  void refusedRole() {
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    cluster.server.reject(
        SessionReconcilerTest::createsRole, 500, "InternalError", "a webhook is down");
    reconciler.reconcile(KEY);
    reconciler.reconcile(KEY);
    assertThat(access.reconcile(KEY)).isEqualTo(new ReconcileResult.Retry("a webhook is down"));
    reconciler.reconcile(KEY);
    assertThat(noAccess()).isEmpty();
    assertThat(reported).isEmpty();
    cluster.setTime(cluster.now().plusSeconds(4));
    assertThat(access.reconcile(KEY)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(access.reconcile(KEY)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(reported).as("once").containsExactly(KEY);
    passStatusDelay();
    assertThat(reconciler.reconcile(KEY)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(noAccess())
        .contains("Role vdi-auth-desk cannot be created: a webhook is down; retrying");
    assertThat(status().phase()).isEqualTo(Phase.PENDING);
    cluster.server.respondNormally();
    assertThat(access.reconcile(KEY)).isEqualTo(new ReconcileResult.Done());
    assertThat(reported).containsExactly(KEY, KEY);
    passStatusDelay();
    reconciler.reconcile(KEY);
    assertThat(noAccess()).isEmpty();
    assertThat(find(ChildKind.ROLE_BINDING)).isPresent();
  }

  @Test
  @DisplayName("in a burst Roles wait, and those of later sessions do not wait for them")
  void burst() {
    access.start();
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    cluster.putSession("later", "bob@example.com", "");
    for (int i = 0; i <= BurstDetector.BURST_ARRIVALS; i++) {
      bursts.arrived(KEY, cluster.now());
    }
    bursts.started(KEY);
    reconciler.reconcile(KEY);
    reconciler.reconcile(KEY);
    cluster.setTime(cluster.now().plus(BurstDetector.BURST_WINDOW));
    SessionKey later = new SessionKey(FakeCluster.NAMESPACE, "later");
    reconciler.reconcile(later);
    reconciler.reconcile(later);
    await()
        .until(() ->
            cluster
                .server
                .find(ResourceType.ROLE_BINDING, FakeCluster.NAMESPACE, "vdi-auth-later")
                .isPresent());
    assertThat(find(ChildKind.ROLE)).isEmpty();
    await().until(() -> find(ChildKind.ROLE_BINDING).isPresent());
  }

  @Test
  @DisplayName("no Role is written for a Secret that is gone, or a session that is being deleted")
  void accessToNothing() {
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    cluster.putSession("other", "bob@example.com", "");
    SessionKey other = new SessionKey(FakeCluster.NAMESPACE, "other");
    for (SessionKey key : List.of(KEY, other)) {
      reconciler.reconcile(key);
      reconciler.reconcile(key);
    }
    cluster.server.remove(ResourceType.SECRET, FakeCluster.NAMESPACE, "vdi-auth-desk");
    cluster.server.remove(ResourceType.SESSION, FakeCluster.NAMESPACE, "other");
    await()
        .until(() ->
            cluster.caches.secrets().get(FakeCluster.NAMESPACE, "vdi-auth-desk").isEmpty()
                && cluster.caches.sessions().get(FakeCluster.NAMESPACE, "other").isEmpty());
    for (SessionKey key : List.of(KEY, other)) {
      assertThat(access.reconcile(key)).isEqualTo(new ReconcileResult.Done());
    }
    assertThat(cluster.server.requests(SessionReconcilerTest::createsRole)).isEmpty();
  }

  @Test
  void aSessionBeyondItsQuotaGetsNoPodUntilTheLimitIsRaised() {
    limits = sessionsPerUser(0);
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    reconciler.reconcile(KEY);
    assertThat(pod()).isEmpty();
    VdiSession.Status status =
        cluster.caches.sessions().get(KEY.namespace(), KEY.name()).orElseThrow().status();
    assertThat(status.phase()).isEqualTo(Phase.PENDING);
    assertThat(status.message())
        .isEqualTo(
            "Session quota exceeded for user alice@example.com: used 0, requested 1, limit 0");
    limits = sessionsPerUser(1);
    reconciler.reconcile(KEY);
    assertThat(pod()).isPresent();
  }

  @Test
  void aPermanentFailureFailsTheSessionAndFreesItsShareOfTheQuota() {
    limits = sessionsPerUser(1);
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    cluster.server.reject(
        request -> request.method().equals("POST") && request.path().endsWith("/pods"),
        403,
        "Forbidden",
        "pods \"desk\" is forbidden: violates PodSecurity \"restricted\"");
    assertThat(reconciler.reconcile(KEY)).isInstanceOf(ReconcileResult.RequeueAfter.class);
    assertThat(cluster.caches.sessions().get(KEY.namespace(), KEY.name()).orElseThrow().status())
        .extracting(VdiSession.Status::phase, VdiSession.Status::message)
        .containsExactly(
            Phase.FAILED,
            "pods \"desk\" is forbidden: violates PodSecurity \"restricted\" [VDI213]");
    cluster.server.respondNormally();
    cluster.putSession("second", "alice@example.com", "");
    reconciler.reconcile(new SessionKey(FakeCluster.NAMESPACE, "second"));
    assertThat(cluster.server.find(ResourceType.POD, FakeCluster.NAMESPACE, "second")).isPresent();
  }

  @Test
  void aTransientFailureIsRetriedWithoutAStatus() {
    cluster.putTemplate("");
    cluster.putSession("desk", "alice@example.com", "");
    cluster.server.reject(
        request -> request.method().equals("POST") && request.path().endsWith("/services"),
        503,
        "ServiceUnavailable",
        "etcd is down");
    assertThat(reconciler.reconcile(KEY)).isEqualTo(new ReconcileResult.Retry("etcd is down"));
    assertThat(pod()).as("the pod does not need the Service").isPresent();
    assertThat(cluster.server.requests(request -> request.path().endsWith("/status"))).isEmpty();
  }

  @Test
  void aDeletedSessionIsForgotten() {
    cluster.putTemplate("");
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    reconciler.reconcile(KEY);
    assertThat(memory.size()).isEqualTo(1);
    cluster.removeSession(session);
    assertThat(reconciler.reconcile(KEY)).isEqualTo(new ReconcileResult.Done());
    assertThat(forgotten).containsExactly(session.uid());
    assertThat(memory.size()).isZero();
  }

  @Test
  void hostsOfThePreviousLeaderAreForgottenWithTheirSessions() {
    VdiSession session =
        cluster.putSession(
            "desk",
            "alice@example.com",
            "}, \"status\": {\"url\": \"https://alice.vdi.example.com\"");
    reconciler.restore();
    cluster.removeSession(session);
    reconciler.reconcile(KEY);
    assertThat(forgotten).containsExactly(session.uid());
  }

  /** If the watch forgot the session, the pass in progress would create its memory again. */
  @Test
  void aPassThatFinishesAfterTheDeleteEventLeavesNothingBehind() throws Exception {
    CountDownLatch podRequested = new CountDownLatch(1);
    CountDownLatch deleted = new CountDownLatch(1);
    cluster.server.before(
        request -> request.method().equals("POST") && request.path().endsWith("/pods"),
        () -> {
          podRequested.countDown();
          waitFor(deleted);
        });
    cluster.putTemplate("");
    workers.start();
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    podRequested.await();
    cluster.removeSession(session);
    assertThat(forgotten).as("forgotten while a pass is in progress").isEmpty();
    deleted.countDown();
    await().until(() -> memory.size() == 0);
    workers.stop(Duration.ofSeconds(10));
    assertThat(memory.size()).isZero();
    assertThat(forgotten).containsExactly(session.uid());
    assertThat(pod()).as("the pass continued after the deletion").isPresent();
    VdiSession stranger = cluster.putSession("stranger", "alice@other.org", "");
    assertThat(hosts.claim(stranger)).isNotEqualTo("alice");
    VdiSession next = cluster.putSession("next", "alice@example.com", "");
    assertThat(hosts.claim(next)).isEqualTo("alice");
    assertThat(cluster.server.find(ResourceType.CONFIG_MAP, "vdi-system", "vdi-released-hosts"))
        .as("the released host")
        .isPresent();
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static QuotaLimits sessionsPerUser(long sessions) {
    return new QuotaLimits(
        QuotaLimits.Mode.REJECT,
        Map.of(
            QuotaScope.USER,
            new QuotaLimits.ScopeLimits(
                new ResourceAmounts(sessions, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED),
                Map.of())));
  }

  /** See {@link StatusWriteThrottle}. */
  private void passStatusDelay() {
    cluster.setTime(cluster.now().plusSeconds(60));
  }

  private static boolean createsRole(FakeApiServer.Request request) {
    return request.method().equals("POST") && request.path().endsWith("/roles");
  }

  private VdiSession.Status status() {
    return cluster.caches.sessions().get(KEY.namespace(), KEY.name()).orElseThrow().status();
  }

  /** The message of condition AccessReady. */
  private Optional<String> noAccess() {
    return status().condition(Condition.ACCESS_READY).map(Condition::message);
  }

  private Optional<JsonObject> find(ChildKind kind) {
    return cluster.server.find(
        kind.resourceTypes().getFirst(), FakeCluster.NAMESPACE, kind.nameFor("desk"));
  }

  private Optional<JsonObject> pod() {
    return cluster.server.find(ResourceType.POD, FakeCluster.NAMESPACE, "desk");
  }

  private int writes() {
    return cluster
        .server
        .requests(request -> !request.method().equals("GET") && !request.path().endsWith("/events"))
        .size();
  }
}
