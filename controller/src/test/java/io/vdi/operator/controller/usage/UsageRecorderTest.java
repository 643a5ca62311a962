package io.vdi.operator.controller.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiUsage;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.controller.session.FakeCluster;
import io.vdi.operator.controller.session.plan.Action;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UsageRecorderTest {
  private static final String NAMESPACE = "vdi-system";
  private static final Instant READY = Instant.parse("2026-01-01T12:00:00Z");
  private static final Instant NOW = Instant.parse("2026-01-01T13:00:00Z");
  private static final Optional<Action> STOP =
      Optional.of(new Action.Delete(ResourceType.POD, ObjectMeta.EMPTY));

  private final FakeCluster cluster = FakeCluster.watched();
  private final MeterRegistry meters = FakeCluster.emptyMeters();
  private Duration retention = Duration.ofDays(400);
  private GpuBudgets budgets = GpuBudgets.NONE;
  private final EventRecorder events =
      new EventRecorder(cluster.client, "vdi-controller", cluster.clock());
  private UsageService service;

  @BeforeEach
  void start() {
    cluster.setTime(NOW);
    service = service();
  }

  @AfterEach
  void stop() {
    service.close();
    events.close();
    cluster.close();
  }

  private UsageService service() {
    UsageService created =
        new UsageService(
            cluster.client,
            cluster.caches,
            NAMESPACE,
            () -> new UsageSettings(retention, budgets, ZoneOffset.UTC),
            cluster.clock(),
            () -> true,
            events,
            meters);
    created.connect();
    await().until(() -> created.takeOver().isEmpty() && created.isReady());
    return created;
  }

  private VdiSession session(String moreMetadata, String moreSpec) {
    return KubeGson.gson()
        .fromJson(
            """
            {"metadata": {"name": "desk", "namespace": "%s", "uid": "session-1"%s},
             "spec": {"user": "alice@example.com", "template": "ubuntu"%s}}
            """
                .formatted(FakeCluster.NAMESPACE, moreMetadata, moreSpec),
            VdiSession.class);
  }

  private VdiSession session() {
    return session(
        ", \"annotations\": {\"vdi.kasm.io/groups\": \"[\\\"math\\\",\\\"art\\\"]\"}", "");
  }

  private static Pod pod(String moreMetadata, boolean ready) {
    return KubeGson.gson()
        .fromJson(
            """
            {"metadata": {"name": "desk", "namespace": "%s", "uid": "pod-1",
               "labels": {"app.kubernetes.io/managed-by": "vdi-operator"}%s},
             "spec": {"containers": [{"name": "selkies",
               "resources": {"limits": {"nvidia.com/gpu": "2", "cpu": "1"}}}]},
             "status": {"phase": "Running", "conditions": [
               {"type": "Ready", "status": "%s", "lastTransitionTime": "%s"}]}}
            """
                .formatted(FakeCluster.NAMESPACE, moreMetadata, ready ? "True" : "False", READY),
            Pod.class);
  }

  private void record(VdiSession session, Optional<Pod> pod, Optional<Action> stop, Instant now) {
    cluster.setTime(now);
    service.recorder().record(session, pod, "", stop, now);
  }

  private void putPod() {
    cluster.server.put(ResourceType.POD, KubeGson.gson().toJson(pod("", true)));
    await().until(() -> cluster.caches.pods().get(FakeCluster.NAMESPACE, "desk").isPresent());
  }

  private Optional<VdiUsage.Spec> recorded() {
    return stored().map(usage -> KubeGson.gson().fromJson(usage, VdiUsage.class).spec());
  }

  private Optional<JsonObject> stored() {
    return cluster.server.find(ResourceType.USAGE, NAMESPACE, "pod-1");
  }

  private List<FakeApiServer.Request> writes() {
    return cluster.server.requests(
        request -> !request.method().equals("GET") && request.path().contains("/vdiusages"));
  }

  private void refuseUsages(String method) {
    cluster.server.reject(
        request ->
            request.method().equals(method)
                && request.path().contains("/vdiusages")
                && !request.isWatch(),
        503,
        "ServiceUnavailable",
        "etcd is down");
  }

  private long refused() {
    return counter("vdi_usage_errors_total", Tag.create("reason", "ServiceUnavailable"));
  }

  private static GpuBudgets threeHoursThenSuspend() {
    return GpuBudgets.parse(
        JsonParser.parseString("{budgets: {user: {gpuHours: 3}, whenSpent: suspend}}")
            .getAsJsonObject(),
        new ArrayList<>());
  }

  @Test
  void anIntervalBeginsWhenTheDesktopBecameReady() {
    record(session(), Optional.of(pod("", false)), Optional.empty(), NOW);
    assertThat(recorded()).isEmpty();
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    assertThat(recorded())
        .contains(
            new VdiUsage.Spec(
                new VdiUsage.Session(FakeCluster.NAMESPACE, "desk", "session-1"),
                "alice@example.com",
                List.of("math", "art"),
                "ubuntu",
                new VdiUsage.Gpu("nvidia.com/gpu", 2),
                READY,
                null,
                null));
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    record(session(), Optional.of(pod("", false)), Optional.empty(), NOW);
    assertThat(writes()).as("a desktop that runs on is written once").hasSize(1);
  }

  @Test
  void theEndIsThatOfTheStopAndOneWrite() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    VdiSession suspended = session("", ", \"suspended\": true");
    record(suspended, Optional.of(pod("", true)), STOP, NOW.plusSeconds(60));
    String deleting =
        ", \"deletionTimestamp\": \"%s\", \"deletionGracePeriodSeconds\": 30"
            .formatted(NOW.plusSeconds(91));
    record(suspended, Optional.of(pod(deleting, false)), Optional.empty(), NOW.plusSeconds(70));
    record(suspended, Optional.empty(), Optional.empty(), NOW.plusSeconds(80));
    assertThat(recorded().orElseThrow())
        .returns(NOW.plusSeconds(60), VdiUsage.Spec::end)
        .returns("Suspended", VdiUsage.Spec::reason);
    assertThat(writes()).as("the beginning and the end").hasSize(2);
    assertThat(
            stored()
                .orElseThrow()
                .getAsJsonObject("metadata")
                .getAsJsonObject("labels")
                .get("vdi.kasm.io/usage")
                .getAsString())
        .isEqualTo("2026-01");
  }

  /** The former leader wrote the end and died before it stopped the pod. */
  @Test
  void anEndThatWasNotCarriedOutIsCorrected() {
    record(session(), Optional.of(pod("", true)), STOP, NOW);
    assertThat(recorded().orElseThrow().end()).isEqualTo(NOW);
    putPod();
    service.close();
    service = service();
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW.plusSeconds(20));
    assertThat(recorded().orElseThrow().end()).as("the desktop runs").isNull();
    record(session(), Optional.of(pod("", true)), STOP, NOW.plusSeconds(40));
    assertThat(recorded().orElseThrow().end()).isEqualTo(NOW.plusSeconds(40));
  }

  @Test
  void aPodThatAnotherClientDeletesEndsWithTheRequest() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    String deleting =
        ", \"deletionTimestamp\": \"%s\", \"deletionGracePeriodSeconds\": 30"
            .formatted(NOW.plusSeconds(35));
    record(session(), Optional.of(pod(deleting, true)), Optional.empty(), NOW.plusSeconds(20));
    assertThat(recorded().orElseThrow())
        .returns(NOW.plusSeconds(5), VdiUsage.Spec::end)
        .returns("PodDeleted", VdiUsage.Spec::reason);
  }

  @Test
  void aPodThatIsGoneEndsWhenThatIsSeen() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    refuseUsages("PATCH");
    record(session(), Optional.empty(), Optional.empty(), NOW.plusSeconds(30));
    cluster.server.respondNormally();
    record(session(), Optional.empty(), Optional.empty(), NOW.plusSeconds(90));
    assertThat(recorded().orElseThrow().end())
        .as("the time at which it was seen, not that of the write")
        .isEqualTo(NOW.plusSeconds(30));
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void aPodThatDisappearedWithoutAControllerEndsWithTheLastHeartbeat() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    putPod();
    service.recorder().sweep(NOW.plusSeconds(60));
    cluster.server.remove(ResourceType.POD, FakeCluster.NAMESPACE, "desk");
    await().until(() -> cluster.caches.pods().get(FakeCluster.NAMESPACE, "desk").isEmpty());
    service.close();
    service = service();
    record(session(), Optional.empty(), Optional.empty(), NOW.plusSeconds(600));
    assertThat(recorded().orElseThrow())
        .returns(NOW.plusSeconds(60), VdiUsage.Spec::end)
        .returns("Lost", VdiUsage.Spec::reason);
  }

  @Test
  void theIntervalOfADeletedSessionIsEndedWithoutIt() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    service.recorder().sweep(NOW.plusSeconds(60));
    assertThat(recorded().orElseThrow())
        .returns(NOW.plusSeconds(60), VdiUsage.Spec::end)
        .returns("Deleted", VdiUsage.Spec::reason);
  }

  @Test
  void theReasonIsThatOfTheReaper() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    String earlier =
        "\"vdi.kasm.io/suspended-by\": \"idle\", \"vdi.kasm.io/suspended-at\": \"2026-01-01T11:00:00Z\"";
    VdiSession byUser = session(", \"annotations\": {" + earlier + "}", ", \"suspended\": true");
    assertThat(Ending.why(byUser, READY, Optional.empty(), STOP).text()).isEqualTo("Suspended");
    VdiSession idle =
        session(
            ", \"annotations\": {" + earlier.replace("11:00", "12:30") + "}",
            ", \"suspended\": true");
    assertThat(Ending.why(idle, READY, Optional.empty(), STOP).text()).isEqualTo("Idle");
    VdiSession expired =
        session(
            ", \"deletionTimestamp\": \"2026-01-01T13:00:00Z\", \"annotations\": {\"vdi.kasm.io/ended-by\": \"timeout\"}",
            "");
    assertThat(Ending.why(expired, READY, Optional.empty(), STOP).text()).isEqualTo("Expired");
    assertThat(
            Ending.why(
                    session(),
                    READY,
                    Optional.of(pod("", true)),
                    Optional.of(new Action.MovePod(ObjectMeta.EMPTY, "")))
                .text())
        .isEqualTo("Drained");
  }

  @Test
  void countersAreByTemplateAndGroup() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    record(session(), Optional.of(pod("", true)), STOP, NOW.plusSeconds(60));
    for (String group : List.of("math", "art")) {
      Tag[] tags = {Tag.create("template", "ubuntu"), Tag.create("group", group)};
      assertThat(counter("vdi_usage_seconds_total", tags)).isEqualTo(3660);
      assertThat(counter("vdi_usage_gpu_seconds_total", tags)).isEqualTo(7320);
    }
  }

  private long counter(String name, Tag... tags) {
    return meters.counter(name, List.of(tags)).map(Counter::count).orElse(0L);
  }

  @Test
  void aDesktopWhoseBudgetIsSpentIsSuspended() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    budgets = threeHoursThenSuspend();
    record(session, Optional.of(pod("", true)), Optional.empty(), NOW);
    service.enforceBudgets();
    assertThat(
            cluster
                .caches
                .sessions()
                .get(FakeCluster.NAMESPACE, "desk")
                .orElseThrow()
                .spec()
                .suspended())
        .as("2 of 3 hours")
        .isFalse();
    cluster.setTime(NOW.plusSeconds(1800));
    service.enforceBudgets();
    VdiSession suspended =
        cluster.caches.sessions().get(FakeCluster.NAMESPACE, "desk").orElseThrow();
    assertThat(suspended.spec().suspended()).isTrue();
    record(suspended, Optional.of(pod("", true)), STOP, NOW.plusSeconds(1800));
    assertThat(recorded().orElseThrow().reason()).isEqualTo("Budget");
  }

  @Test
  void aUseThatCannotBeReadForTheBudgetsIsCounted() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    budgets = threeHoursThenSuspend();
    record(session, Optional.of(pod("", true)), Optional.empty(), NOW);
    refuseUsages("GET");
    service.enforceBudgets();
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void aSuspensionThatIsRefusedIsCounted() {
    VdiSession session = cluster.putSession("desk", "alice@example.com", "");
    budgets = threeHoursThenSuspend();
    record(session, Optional.of(pod("", true)), Optional.empty(), NOW);
    cluster.setTime(NOW.plus(Duration.ofHours(2)));
    cluster.server.reject(
        request -> request.method().equals("PATCH") && request.path().contains("/vdisessions/"),
        503,
        "ServiceUnavailable",
        "the webhook does not answer");
    service.enforceBudgets();
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void nothingIsRecordedWithARetentionOfZero() {
    retention = Duration.ZERO;
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    assertThat(writes()).isEmpty();
  }

  @Test
  void oldIntervalsAreDeleted() {
    record(session(), Optional.of(pod("", true)), STOP, NOW);
    cluster.setTime(NOW.plus(Duration.ofDays(399)));
    service.deleteOld();
    assertThat(recorded()).isPresent();
    cluster.setTime(NOW.plus(Duration.ofDays(401)));
    service.deleteOld();
    assertThat(recorded()).isEmpty();
  }

  @Test
  void oldIntervalsThatCannotBeDeletedAreCounted() {
    record(session(), Optional.of(pod("", true)), STOP, NOW);
    cluster.setTime(NOW.plus(Duration.ofDays(401)));
    refuseUsages("DELETE");
    service.deleteOld();
    assertThat(recorded()).isPresent();
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void anIntervalThatRunsIsNeverDeleted() {
    record(session(), Optional.of(pod("", true)), Optional.empty(), NOW);
    cluster.setTime(NOW.plus(Duration.ofDays(1000)));
    service.deleteOld();
    assertThat(recorded()).isPresent();
  }
}
