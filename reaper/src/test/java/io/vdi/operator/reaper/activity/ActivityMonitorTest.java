package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.reaper.FakeSelkies;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.Load;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One desktop, asked every 10 ms, on a simulated clock that moves only when the test moves it. */
class ActivityMonitorTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  private static final Duration INTERVAL = Duration.ofMillis(10);
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final String NO_INPUT = "\"idleTimeout\": \"30m\", \"idleOn\": \"NoInput\"";
  private static final SessionKey KEY = new SessionKey("ns", "desk");

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private final FakeSelkies selkies = new FakeSelkies("127.0.0.1", 0, "secret");
  private final ResourceCache<VdiSession> sessions = cache(ResourceType.SESSION);
  private final ResourceCache<VdiTemplate> templates = cache(ResourceType.TEMPLATE);
  private final ResourceCache<Pod> pods = cache(ResourceType.POD);
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private final List<String> unknown = new CopyOnWriteArrayList<>();
  private final List<SessionKey> changes = new CopyOnWriteArrayList<>();
  private volatile Instant now = NOON;
  private volatile boolean leader = true;
  private volatile boolean dryRun;
  private volatile Load load = new Load.NotMeasured();

  private final ActivityMonitor monitor =
      new ActivityMonitor(
          api,
          sessions,
          templates,
          pods,
          session -> load,
          () -> new ActivityConfig(INTERVAL, TIMEOUT, Duration.ofMinutes(1), 2, dryRun),
          () -> leader,
          new ActivityMonitor.Listener() {
            @Override
            public void probed(boolean answered) {
              (answered ? answers : failures).incrementAndGet();
            }

            @Override
            public void activityUnknown(VdiSession session, String reason) {
              unknown.add(reason);
            }

            @Override
            public void activityChanged(SessionKey session) {
              changes.add(session);
            }
          },
          () -> now);

  private <T extends KubeObject> ResourceCache<T> cache(ResourceType<T> type) {
    // The cache forgets what a test put there after 30 s, so its clock stands still.
    return new ResourceCache<>(api, type, "", InstantSource.fixed(NOON), change -> {});
  }

  @BeforeEach
  void objects() {
    template("\"idleTimeout\": \"30m\"");
    secret("secret", "uid-desk");
    pod("uid-desk");
    monitor.start();
  }

  @AfterEach
  void close() {
    monitor.close();
    List.of(sessions, templates, pods).forEach(ResourceCache::close);
    selkies.close();
    api.close();
    server.close();
  }

  @Test
  void beforeTheFirstProbeTheActivityIsUnknown() {
    assertThat(activity()).isEqualTo(new Activity.Unknown());
  }

  @Test
  void aConnectedClientIsObservedAndWrittenToTheStatus() {
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.InUse(NOON));
    assertThat(lastActivityTime()).isEqualTo("2026-03-01T12:00:00Z");
    assertThat(changes).as("queued for a decision").containsExactly(KEY);
  }

  @Test
  void whileAClientIsConnectedTheStatusIsWrittenOncePerStatusInterval() {
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    now = NOON.plusSeconds(59);
    awaitProbes();
    assertThat(lastActivityTime()).isEqualTo("2026-03-01T12:00:00Z");
    now = NOON.plusSeconds(60);
    awaitProbes();
    assertThat(lastActivityTime()).isEqualTo("2026-03-01T12:01:00Z");
    assertThat(requests("PATCH", "vdisessions")).as("writes").hasSize(2);
  }

  @Test
  void whenTheLastClientDisconnectsItsTimeIsWritten() {
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    now = NOON.plusSeconds(3);
    awaitProbes();
    selkies.connect(0);
    awaitProbes();
    assertThat(activity()).isInstanceOf(Activity.Idle.class);
    assertThat(lastActivityTime()).isEqualTo("2026-03-01T12:00:03Z");
  }

  @Test
  void withoutAClientTheIdleTimeStartsWithTheFirstProbe() {
    start(running(""));
    awaitProbes();
    now = NOON.plusSeconds(2);
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Idle(NOON, now));
    assertThat(requests("PATCH")).as("writes without an observed client").isEmpty();
  }

  @Test
  @DisplayName("the pod of a connected client is protected, also without an idle timeout")
  void protectedWhileConnected() {
    template("\"timeout\": \"8h\"");
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    assertThat(annotations().get("cluster-autoscaler.kubernetes.io/safe-to-evict").getAsString())
        .isEqualTo("false");
    assertThat(annotations().get("karpenter.sh/do-not-disrupt").getAsString()).isEqualTo("true");
    awaitProbes();
    assertThat(requests("PATCH", "/pods/")).as("one write").hasSize(1);

    selkies.connect(0);
    awaitProbes();
    assertThat(annotations().has("cluster-autoscaler.kubernetes.io/safe-to-evict")).isFalse();
    assertThat(annotations().has("karpenter.sh/do-not-disrupt")).isFalse();
  }

  @Test
  @DisplayName("annotations that the template sets stay")
  void templateDecidesAboutDisruption() {
    template(
        "\"podTemplate\": {\"metadata\": {\"annotations\": {"
            + "\"karpenter.sh/do-not-disrupt\": \"false\"}}}");
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    assertThat(annotations().has("cluster-autoscaler.kubernetes.io/safe-to-evict")).isTrue();
    assertThat(annotations().has("karpenter.sh/do-not-disrupt")).isFalse();
  }

  @Test
  @DisplayName("a busy desktop is not idle, and its pod is protected")
  void busy() {
    load = new Load.Busy(NOON);
    start(running(""));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Busy(NOON));
    assertThat(annotations().get("karpenter.sh/do-not-disrupt").getAsString()).isEqualTo("true");
    assertThat(requests("PATCH", "/status")).as("no client was connected").isEmpty();
    load = new Load.Quiet(NOON.plusSeconds(1), NOON.plusSeconds(2));
    now = NOON.plusSeconds(2);
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Idle(NOON.plusSeconds(1), now));
    assertThat(annotations().has("karpenter.sh/do-not-disrupt")).isFalse();
  }

  @Test
  void aDesktopWhoseLoadIsUnknownIsNotIdle() {
    load = new Load.Unknown("the kubelet does not answer");
    start(running(""));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Unknown());
  }

  @Test
  @DisplayName("with NoInput an open tab without input is idle, and its pod stays protected")
  void noInput() {
    template(NO_INPUT);
    selkies.connect(1);
    selkies.inputAgo("600");
    start(running(""));
    awaitProbes();
    Instant last = NOON.minusSeconds(600);
    assertThat(activity()).isEqualTo(new Activity.Idle(last, NOON));
    assertThat(annotations().get("karpenter.sh/do-not-disrupt").getAsString()).isEqualTo("true");
    assertThat(lastActivityTime()).isEqualTo(last.toString());
    // A probe that reads 600 s before this line and the time after the next one sees a later input.
    selkies.inputAgo("700.4");
    awaitProbes();
    now = NOON.plusSeconds(100);
    awaitProbes();
    assertThat(activity()).as("the same input").isEqualTo(new Activity.Idle(last, now));
    changes.clear();
    selkies.inputAgo("1");
    await().until(() -> lastActivityTime().equals(now.minusSeconds(1).toString()));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Idle(now.minusSeconds(1), now));
    assertThat(changes).as("queued because of the input, and after it").hasSize(2);
    assertThat(unknown).isEmpty();
    selkies.connect(0);
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Idle(now.minusSeconds(1), now));
    assertThat(annotations().has("karpenter.sh/do-not-disrupt")).isFalse();
  }

  @Test
  @DisplayName("with NoInput a desktop that works is not idle")
  void noInputAndBusy() {
    template(NO_INPUT);
    selkies.connect(1);
    selkies.inputAgo("600");
    load = new Load.Busy(NOON);
    start(running(""));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Busy(NOON));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "NaN", "null", "\"600\"", "1e400"})
  @DisplayName("with NoInput an open tab whose last input is not reported is not idle")
  void inputNotReported(String idleSeconds) {
    template(NO_INPUT);
    selkies.connect(1);
    selkies.inputAgo(idleSeconds);
    start(running(""));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Unknown());
    assertThat(unknown)
        .containsExactly(
            "it does not report the last input, which spec.idleOn NoInput of template ubuntu requires:"
                + " use an image that reports it, or set idleOn to Disconnect (docs/flavors.md)");
    assertThat(annotations().get("karpenter.sh/do-not-disrupt").getAsString()).isEqualTo("true");
    assertThat(lastActivityTime()).isEqualTo("2026-03-01T12:00:00Z");
    assertThat(failures.get()).as("failed probes").isZero();
    assertThat(requests("GET", "/secrets/")).as("the password is read once").hasSize(1);
    selkies.connect(0);
    awaitProbes();
    assertThat(activity()).as("nobody can give input").isEqualTo(new Activity.Idle(NOON, NOON));
  }

  @Test
  @DisplayName("without NoInput a connected client uses the desktop, whatever its last input")
  void disconnect() {
    selkies.connect(1);
    selkies.inputAgo("600");
    start(running(""));
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.InUse(NOON));
  }

  private JsonObject annotations() {
    JsonObject metadata =
        api.request("GET", ResourceType.POD.path("ns", "desk"), null)
            .orElseThrow()
            .getAsJsonObject("metadata");
    return metadata.has("annotations") ? metadata.getAsJsonObject("annotations") : new JsonObject();
  }

  @Test
  @DisplayName("KasmVNC is asked over HTTPS, as its own user")
  void kasmVnc() {
    try (FakeKasmVnc kasm = new FakeKasmVnc("kasm_user", "secret")) {
      templates.created(
          add(
              ResourceType.TEMPLATE,
              "{\"metadata\": {\"name\": \"ubuntu\"}, \"spec\": {\"flavor\": \"kasmvnc\", \"port\": %d}}"
                  .formatted(kasm.port())));
      kasm.connect(1);
      start(running(""));
      awaitProbes();
      assertThat(activity()).isEqualTo(new Activity.InUse(NOON));
      kasm.connect(0);
      awaitProbes();
      assertThat(activity()).isInstanceOf(Activity.Idle.class);
    }
  }

  @Test
  @DisplayName("a flavor that does not report its clients is not asked, and never idle")
  void notReported() {
    template("\"flavor\": \"linuxserver\", \"idleTimeout\": \"30m\"");
    start(running(""));
    await()
        .untilAsserted(() ->
            assertThat(unknown)
                .containsExactly("desktops of flavor linuxserver do not report their clients"));
    assertThat(activity()).isEqualTo(new Activity.Unknown());
    assertThat(selkies.requests()).isZero();
    assertThat(failures.get()).as("failed probes").isZero();
    assertThat(requests("PATCH")).isEmpty();
  }

  @Test
  void aGapOfMoreThanThreeIntervalsAndATimeoutStartsTheIdleTimeAgain() {
    start(running(""));
    awaitProbes();
    now = NOON.plus(INTERVAL.multipliedBy(3)).plus(TIMEOUT).plusMillis(1);
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Idle(now, now));
  }

  @Test
  void aSessionThatHasReachedItsIdleTimeoutIsQueuedForADecision() {
    template("\"idleTimeout\": \"2s\"");
    start(running(""));
    awaitProbes();
    assertThat(changes).as("queued after the first probe").containsExactly(KEY);
    now = NOON.plusSeconds(2);
    await().until(() -> changes.size() > 3);
    assertThat(activity()).isEqualTo(new Activity.Idle(NOON, now));
  }

  @Test
  void aDesktopThatStopsAnsweringIsReportedOnceAndNotIdle() {
    start(running(""));
    awaitProbes();
    selkies.fail(true);
    awaitFailures(3);
    assertThat(activity()).isEqualTo(new Activity.Unknown());
    assertThat(unknown).containsExactly("HTTP status 500");
    selkies.fail(false);
    awaitProbes();
    assertThat(activity()).isEqualTo(new Activity.Idle(NOON, NOON));
    selkies.fail(true);
    await().until(() -> unknown.size() == 2);
  }

  @Test
  void oneFailedProbeIsNotReported() {
    selkies.fail(true);
    start(running(""));
    awaitFailures(1);
    selkies.fail(false);
    awaitProbes();
    assertThat(unknown).isEmpty();
  }

  @Test
  void afterAFailureThePasswordIsReadAgain() {
    secret("outdated", "uid-desk");
    start(running(""));
    awaitFailures(1);
    secret("secret", "uid-desk");
    awaitProbes();
    assertThat(activity()).isInstanceOf(Activity.Idle.class);
  }

  @Test
  void thePasswordIsReadOnceWhileTheDesktopAnswers() {
    start(running(""));
    awaitProbes();
    awaitProbes();
    assertThat(requests("GET")).containsExactly("GET " + secretPath());
  }

  @Test
  void theSecretOfAnotherSessionIsNotUsed() {
    secret("secret", "uid-other");
    start(running(""));
    awaitFailures(2);
    assertThat(selkies.requests()).as("requests to the desktop").isZero();
    assertThat(unknown).containsExactly("cannot read its Secret");
  }

  @Test
  void thePodOfAnotherSessionIsNotAsked() {
    pod("uid-other");
    start(running(""));
    awaitFailures(2);
    assertThat(selkies.requests()).as("requests to the desktop").isZero();
    assertThat(unknown).containsExactly("its pod has no address");
  }

  @Test
  void aDryRunWritesNothing() {
    dryRun = true;
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    assertThat(requests("PATCH")).isEmpty();
  }

  @Test
  void aReplicaThatIsNotTheLeaderWritesNothing() {
    leader = false;
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    assertThat(requests("PATCH")).isEmpty();
  }

  @Test
  void aStatusThatCannotBeWrittenIsWrittenByALaterProbe() {
    server.reject(request -> request.method().equals("PATCH"), 500, "InternalError", "refused");
    selkies.connect(1);
    start(running(""));
    awaitProbes();
    server.respondNormally();
    awaitProbes();
    assertThat(lastActivityTime()).isEqualTo("2026-03-01T12:00:00Z");
  }

  @Test
  @DisplayName("a desktop that does not answer is reported only if the session has an idle timeout")
  void silentWithoutAnIdleTimeout() {
    template("");
    podOf("other", "uid-other");
    monitor.changed(running(""));
    start(session("other", "\"idleTimeout\": \"30m\",", "\"suspended\": false", "Running"));
    selkies.close();
    awaitFailures(10);
    assertThat(unknown).hasSize(1);
  }

  @Test
  void aSessionThatIsSuspendedIsNotAskedAnyMoreAndItsHistoryIsForgotten() {
    start(running(""));
    awaitProbes();
    sessions.created(session("desk", "", "\"suspended\": true", "Running"));
    await().until(() -> activity().equals(new Activity.Unknown()));
    int asked = selkies.requests();
    start(running(""));
    await().until(() -> selkies.requests() > asked);
    await().until(() -> activity() instanceof Activity.Idle);
  }

  private <T extends KubeObject> T add(ResourceType<T> type, String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    JsonObject metadata = object.getAsJsonObject("metadata");
    metadata.addProperty("uid", "uid-" + metadata.get("name").getAsString());
    return KubeGson.gson().fromJson(server.put(type, object.toString()), type.objectClass());
  }

  private List<String> requests(String method, String resource) {
    return requests(method).stream().filter(request -> request.contains(resource)).toList();
  }

  private List<String> requests(String method) {
    return server.requests(request -> request.method().equals(method)).stream()
        .map(FakeApiServer.Request::toString)
        .toList();
  }

  private void start(VdiSession session) {
    monitor.changed(session);
  }

  private Activity activity() {
    return sessions.get("ns", "desk").map(monitor::of).orElseGet(Activity.Unknown::new);
  }

  private VdiSession running(String spec) {
    return session("desk", spec, "\"suspended\": false", "Running");
  }

  private VdiSession session(String name, String spec, String suspended, String phase) {
    VdiSession session =
        add(
            ResourceType.SESSION,
            """
            {"metadata": {"name": "%s", "namespace": "ns"},
             "spec": {"user": "alice@example.com", "template": "ubuntu", %s %s},
             "status": {"phase": "%s", "startTime": "2026-03-01T12:00:00Z"}}
            """
                .formatted(name, spec, suspended, phase));
    sessions.created(session);
    return session;
  }

  private void template(String spec) {
    templates.created(
        add(
            ResourceType.TEMPLATE,
            "{\"metadata\": {\"name\": \"ubuntu\"}, \"spec\": {\"port\": %d%s}}"
                .formatted(selkies.port(), spec.isEmpty() ? "" : ", " + spec)));
  }

  private void pod(String owner) {
    podOf("desk", owner);
  }

  private void podOf(String name, String owner) {
    pods.created(
        add(
            ResourceType.POD,
            "{\"metadata\": {\"name\": \"%s\", \"namespace\": \"ns\", \"ownerReferences\": [%s]},"
                    .formatted(name, owner(owner))
                + " \"status\": {\"podIP\": \"127.0.0.1\"}}"));
  }

  private void secret(String password, String owner) {
    add(
        ResourceType.SECRET,
        """
        {"metadata": {"name": "vdi-auth-desk", "namespace": "ns", "ownerReferences": [%s]},
         "data": {"password": "%s"}}
        """
            .formatted(
                owner(owner),
                Base64.getEncoder().encodeToString(password.getBytes(StandardCharsets.UTF_8))));
  }

  private static String owner(String uid) {
    return "{\"apiVersion\": \"vdi.kasm.io/v1alpha1\", \"kind\": \"VDISession\", \"name\": \"desk\","
        + " \"uid\": \""
        + uid
        + "\", \"controller\": true}";
  }

  private static String secretPath() {
    return ResourceType.SECRET.path("ns", "vdi-auth-desk");
  }

  private String lastActivityTime() {
    return server
        .find(ResourceType.SESSION, "ns", "desk")
        .orElseThrow()
        .getAsJsonObject("status")
        .get("lastActivityTime")
        .getAsString();
  }

  /** Until two more probes are answered: the second one started after this call. */
  private void awaitProbes() {
    int before = answers.get();
    await().until(() -> answers.get() >= before + 3);
  }

  private void awaitFailures(int count) {
    int before = failures.get();
    await().until(() -> failures.get() >= before + count);
  }
}
