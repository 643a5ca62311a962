package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.helidon.metrics.api.Counter;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.helidon.metrics.api.Timer;
import io.vdi.operator.common.kube.EventRecorder;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.testing.FakeApiServer;
import io.vdi.operator.controller.session.apply.PlanExecutor;
import io.vdi.operator.controller.session.apply.SecretGenerator;
import io.vdi.operator.controller.session.plan.Action;
import io.vdi.operator.controller.session.plan.ChildState;
import io.vdi.operator.controller.session.plan.FailedStep;
import io.vdi.operator.controller.session.plan.ObservedSession;
import io.vdi.operator.controller.session.plan.ObservedSessions;
import io.vdi.operator.controller.session.plan.Plan;
import io.vdi.operator.controller.session.plan.Requeue;
import io.vdi.operator.controller.session.plan.Step;
import io.vdi.operator.runtime.workqueue.WorkerPool.ReconcileResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StatusWriterTest {
  private final FakeCluster cluster = FakeCluster.watched();
  private final MeterRegistry meters = FakeCluster.emptyMeters();
  private final EventRecorder events =
      new EventRecorder(cluster.client, "vdi-controller", cluster.clock());
  private final SessionMemory memory = new SessionMemory(new Random(1), uid -> {});
  private final StatusWriter writer =
      new StatusWriter(
          new PlanExecutor(
              cluster.client, cluster.caches, new SecretGenerator(new Random(1)), () -> true),
          memory,
          new BurstDetector(1),
          events,
          new SessionMetrics(meters));

  @AfterEach
  void close() {
    events.close();
    cluster.close();
  }

  @Test
  void anEqualStatusIsNotWritten() {
    VdiSession session = session(Phase.PENDING, "");
    ReconcileResult result = succeeded(session, session.status(), new Requeue.Settled());
    assertThat(statusWrites()).isEmpty();
    assertThat(delay(result)).isBetween(Duration.ofSeconds(24), Duration.ofSeconds(30));
  }

  @Test
  void aChangeOfPhaseIsWrittenWithAnEvent() {
    VdiSession session = session(Phase.PENDING, "");
    succeeded(session, status(Phase.CREATING, ""), new Requeue.Settled());
    assertThat(statusWrites()).hasSize(1);
    JsonObject written = statusWrites().getFirst().json().getAsJsonObject("status");
    assertThat(written.get("phase").getAsString()).isEqualTo("Creating");
    JsonObject event = awaitEvent();
    assertThat(event.get("type").getAsString()).isEqualTo("Normal");
    assertThat(event.get("reason").getAsString()).isEqualTo("Creating");
    assertThat(event.get("message").getAsString()).isEqualTo("the desktop is starting");
  }

  @Test
  void aFailureIsAWarningWithTheReasonOfReady() {
    VdiSession session = session(Phase.CREATING, "");
    VdiSession.Status failed =
        new VdiSession.Status(
            Phase.FAILED,
            "desk",
            "",
            null,
            null,
            null,
            0,
            "no such image",
            1,
            List.of(Condition.of(Condition.READY, "False", "ErrImagePull", "no such image", 1)));
    succeeded(session, failed, new Requeue.Settled());
    JsonObject event = awaitEvent();
    assertThat(event.get("type").getAsString()).isEqualTo("Warning");
    assertThat(event.get("reason").getAsString()).isEqualTo("ErrImagePull");
    assertThat(event.get("message").getAsString()).isEqualTo("no such image");
  }

  @Test
  void theFirstRunningRecordsTheStartupTime() {
    VdiSession session = session(Phase.CREATING, "");
    ChildState pod =
        ChildState.of(
            ResourceType.POD, cluster.putChild(ResourceType.POD, "desk", session, "{}"), session);
    cluster.setTime(pod.object().metadata().creationTimestamp().plusSeconds(7));
    writer.succeeded(
        observed(session, Map.of(ChildKind.POD, pod)),
        plan(status(Phase.RUNNING, ""), new Requeue.Settled()),
        cluster.now());
    assertThat(meters.timer("vdi_session_startup", List.of(Tag.create("template", "ubuntu"))))
        .get()
        .extracting(Timer::count, timer -> timer.totalTime(TimeUnit.SECONDS))
        .containsExactly(1L, 7.0);
  }

  @Test
  void aNewMessageWaitsUntilFiveSecondsAfterTheLastWrite() {
    VdiSession session = session(Phase.PENDING, "");
    succeeded(session, status(Phase.CREATING, ""), new Requeue.Settled());
    VdiSession creating = session(Phase.CREATING, "", session.uid());
    cluster.setTime(cluster.now().plusSeconds(2));
    ReconcileResult result =
        succeeded(creating, status(Phase.CREATING, "back-off"), new Requeue.Settled());
    assertThat(result).isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofSeconds(3)));
    assertThat(statusWrites()).hasSize(1);
    cluster.setTime(cluster.now().plusSeconds(3));
    succeeded(creating, status(Phase.CREATING, "back-off"), new Requeue.Settled());
    assertThat(statusWrites()).hasSize(2);
  }

  @Test
  void aDelayedStatusDoesNotDelayTheCheckOfADeadline() {
    VdiSession session = session(Phase.PENDING, "");
    succeeded(session, status(Phase.CREATING, ""), new Requeue.Settled());
    VdiSession creating = session(Phase.CREATING, "", session.uid());
    ReconcileResult result =
        succeeded(
            creating,
            status(Phase.CREATING, "back-off"),
            new Requeue.RecheckAfter(Duration.ofSeconds(2)));
    assertThat(result).isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofSeconds(2)));
  }

  @Test
  void aDeadlineAfterThePeriodIsNotWaitedFor() {
    VdiSession session = session(Phase.CREATING, "");
    ReconcileResult result =
        succeeded(session, session.status(), new Requeue.RecheckAfter(Duration.ofMinutes(5)));
    assertThat(delay(result)).isLessThanOrEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void aFailedStatusWriteIsRetriedAndCounted() {
    VdiSession session = session(Phase.PENDING, "");
    cluster.server.reject(
        request -> request.path().endsWith("/status"), 500, "InternalError", "etcd is down");
    assertThat(succeeded(session, status(Phase.CREATING, ""), new Requeue.Settled()))
        .isEqualTo(new ReconcileResult.Retry("status: etcd is down"));
    assertThat(errors("InternalError")).isEqualTo(1);
    cluster.server.respondNormally();
    succeeded(session, status(Phase.CREATING, ""), new Requeue.Settled());
    assertThat(statusWrites()).hasSize(2);
  }

  @Test
  void aTransientFailureIsRetriedAndCounted() {
    VdiSession session = session(Phase.PENDING, "");
    ReconcileResult result =
        failed(session, new ApiFailure.Transient("Conflict", "the object has been modified"));
    assertThat(result).isEqualTo(new ReconcileResult.Retry("the object has been modified"));
    assertThat(statusWrites()).isEmpty();
    assertThat(errors("Conflict")).isEqualTo(1);
  }

  @Test
  void aTransientFailureThatLastsIsWrittenAndStillRetried() {
    VdiSession session = session(Phase.PENDING, "");
    ApiFailure down = new ApiFailure.Transient("InternalError", "failed calling webhook");
    failed(session, down);
    cluster.setTime(cluster.now().plusSeconds(3));
    assertThat(failed(session, down))
        .isEqualTo(new ReconcileResult.RequeueAfter(Duration.ofSeconds(3)));
    JsonObject written = statusWrites().getFirst().json().getAsJsonObject("status");
    assertThat(written.get("phase").getAsString()).isEqualTo("Pending");
    assertThat(written.get("message").getAsString())
        .isEqualTo("the finalizer cannot be added: failed calling webhook; retrying");
  }

  @Test
  void aReplacedPodIsAnEventWithTheReason() {
    VdiSession session = session(Phase.RUNNING, "");
    ObjectMeta pod = cluster.putChild(ResourceType.POD, "desk", session, "{}").metadata();
    Step replace = new Step(Step.Order.STOP, new Action.ReplacePod(pod, "the pod ended: Evicted"));
    writer.succeeded(
        observed(session, Map.of()),
        new Plan(List.of(replace), Optional.of(session.status()), new Requeue.Settled()),
        cluster.now());
    JsonObject event = awaitEvent();
    assertThat(event.get("reason").getAsString()).isEqualTo("PodReplaced");
    assertThat(event.get("message").getAsString()).isEqualTo("the pod ended: Evicted");
  }

  @Test
  void aReplacedPodIsAnEventAlsoWhenAnotherStepFails() {
    VdiSession session = session(Phase.PENDING, "");
    ObjectMeta pod = cluster.putChild(ResourceType.POD, "desk", session, "{}").metadata();
    Step replace = new Step(Step.Order.STOP, new Action.ReplacePod(pod, "the pod ended: Evicted"));
    Step finalizer = new Step(Step.Order.FINALIZER, new Action.AddFinalizer(session));
    writer.failed(
        observed(session, Map.of()),
        FakeCluster.CONFIG,
        new Plan(List.of(replace, finalizer), Optional.of(session.status()), new Requeue.Settled()),
        List.of(new FailedStep(finalizer, new ApiFailure.Transient("", "bad gateway"))),
        cluster.now());
    assertThat(awaitEvent().get("reason").getAsString()).isEqualTo("PodReplaced");
  }

  @Test
  void aDrainIsAnnouncedOnceAndCancelledOnce() {
    Condition draining = drain("NodeCordoned", "node n is being drained");
    VdiSession session = session(Phase.RUNNING, "");
    ChildState pod =
        ChildState.of(
            ResourceType.POD, cluster.putChild(ResourceType.POD, "desk", session, "{}"), session);
    cluster.setTime(pod.object().metadata().creationTimestamp().plusSeconds(7));
    drained(session, pod, List.of(draining));
    JsonObject event = awaitEvent();
    assertThat(event.get("type").getAsString()).isEqualTo("Warning");
    assertThat(event.get("reason").getAsString()).isEqualTo("NodeDraining");
    assertThat(event.get("message").getAsString()).isEqualTo("node n is being drained");
    VdiSession known =
        cluster.putSession(
            "desk", "alice@example.com", statusField(Phase.RUNNING, "") + conditions(draining));
    drained(known, pod, List.of(draining));
    drained(known, pod, List.of());
    await().until(() -> eventReasons().size() == 2);
    assertThat(eventReasons()).containsExactly("NodeDraining", "NodeDrainCancelled");
    assertThat(meters.counter("vdi_node_drains_total", List.of(Tag.create("outcome", "cancelled"))))
        .get()
        .extracting(Counter::count)
        .isEqualTo(1L);
  }

  @Test
  void aDesktopThatHasMovedIsNoCancelledDrain() {
    Condition moving = drain(Condition.MOVING, "the desktop moves");
    VdiSession session =
        cluster.putSession(
            "desk", "alice@example.com", statusField(Phase.RUNNING, "") + conditions(moving));
    ChildState pod =
        ChildState.of(
            ResourceType.POD, cluster.putChild(ResourceType.POD, "desk", session, "{}"), session);
    drained(session, pod, List.of());
    succeeded(session, status(Phase.SUSPENDED, ""), new Requeue.Settled());
    awaitEvent();
    assertThat(eventReasons()).containsExactly("Suspended");
  }

  @Test
  void aDrainThatEvictsImmediatelyIsAnnouncedToo() {
    VdiSession session = session(Phase.RUNNING, "");
    ChildState pod =
        ChildState.of(
            ResourceType.POD, cluster.putChild(ResourceType.POD, "desk", session, "{}"), session);
    drained(session, pod, List.of(drain(Condition.MOVING, "node n is being drained")));
    assertThat(awaitEvent().get("reason").getAsString()).isEqualTo("NodeDraining");
  }

  private void drained(VdiSession session, ChildState pod, List<Condition> conditions) {
    VdiSession.Status status = status(Phase.RUNNING, "");
    writer.succeeded(
        observed(session, Map.of(ChildKind.POD, pod)),
        plan(
            new VdiSession.Status(
                status.phase(),
                status.podName(),
                "",
                status.startTime(),
                null,
                null,
                0,
                "",
                1,
                conditions),
            new Requeue.Settled()),
        cluster.now());
  }

  private Condition drain(String reason, String message) {
    return new Condition(
        Condition.NODE_DRAINING, "True", reason, message, Instant.parse("2030-01-01T00:00:00Z"), 1);
  }

  private static String conditions(Condition condition) {
    return ", \"conditions\": [{\"type\": \"%s\", \"status\": \"True\", \"reason\": \"%s\", \"message\": \"%s\", \"lastTransitionTime\": \"%s\"}]"
        .formatted(
            condition.type(),
            condition.reason(),
            condition.message(),
            condition.lastTransitionTime());
  }

  private List<String> eventReasons() {
    return cluster
        .server
        .requests(request -> request.path().endsWith("/events") && !request.isWatch())
        .stream()
        .map(request -> request.json().get("reason").getAsString())
        .toList();
  }

  @Test
  void aFailureWithoutReasonIsCountedAsUnknown() {
    failed(session(Phase.PENDING, ""), new ApiFailure.Transient("", "bad gateway"));
    assertThat(errors("Unknown")).isEqualTo(1);
  }

  @Test
  void aPermanentFailureIsWrittenAndCheckedAgain() {
    VdiSession session = session(Phase.PENDING, "");
    ReconcileResult result =
        failed(session, new ApiFailure.Permanent("Forbidden", "exceeded quota"));
    assertThat(delay(result)).isLessThanOrEqualTo(Duration.ofSeconds(30));
    JsonObject written = statusWrites().getFirst().json().getAsJsonObject("status");
    assertThat(written.get("phase").getAsString()).isEqualTo("Failed");
    assertThat(written.get("message").getAsString()).isEqualTo("exceeded quota [VDI212]");
  }

  @Test
  void theEndOfASessionRecordsItsDuration() {
    VdiSession session =
        cluster.putSession(
            "desk",
            "alice@example.com",
            "}, \"status\": {\"phase\": \"Terminating\", \"startTime\": \"2026-01-01T11:00:00Z\"");
    Plan plan =
        new Plan(
            List.of(
                new Step(Step.Order.RELEASE, new Action.RemoveFinalizer(session, HomeFate.DELETE))),
            Optional.empty(),
            new Requeue.Settled());
    assertThat(writer.succeeded(observed(session, Map.of()), plan, cluster.now()))
        .isEqualTo(new ReconcileResult.Done());
    assertThat(meters.timer("vdi_session_duration", List.of(Tag.create("template", "ubuntu"))))
        .get()
        .extracting(timer -> timer.totalTime(TimeUnit.HOURS))
        .isEqualTo(1.0);
  }

  private ReconcileResult succeeded(VdiSession session, VdiSession.Status status, Requeue requeue) {
    return writer.succeeded(observed(session, Map.of()), plan(status, requeue), cluster.now());
  }

  private ReconcileResult failed(VdiSession session, ApiFailure failure) {
    Step addFinalizer = new Step(Step.Order.FINALIZER, new Action.AddFinalizer(session));
    List<FailedStep> failures =
        memory
            .of(session)
            .failures()
            .judge(List.of(new FailedStep(addFinalizer, failure)), cluster.now());
    return writer.failed(
        observed(session, Map.of()),
        FakeCluster.CONFIG,
        plan(status(Phase.CREATING, ""), new Requeue.Settled()),
        failures,
        cluster.now());
  }

  private static Plan plan(VdiSession.Status status, Requeue requeue) {
    return new Plan(List.of(), Optional.of(status), requeue);
  }

  private static ObservedSession observed(VdiSession session, Map<ChildKind, ChildState> children) {
    return ObservedSessions.of(session, Optional.empty(), children);
  }

  private VdiSession session(Phase phase, String message) {
    return cluster.putSession("desk", "alice@example.com", statusField(phase, message));
  }

  /** The same session after a status write. */
  private VdiSession session(Phase phase, String message, String uid) {
    VdiSession session = session(phase, message);
    assertThat(session.uid()).isEqualTo(uid);
    return session;
  }

  private static String statusField(Phase phase, String message) {
    return "}, \"status\": {\"phase\": \"%s\", \"podName\": \"desk\", \"message\": \"%s\", \"observedGeneration\": 1"
        .formatted(phase.text(), message);
  }

  private static VdiSession.Status status(Phase phase, String message) {
    return new VdiSession.Status(
        phase,
        "desk",
        "",
        phase == Phase.RUNNING ? Instant.parse("2026-01-01T12:00:00Z") : null,
        null,
        null,
        0,
        message,
        1,
        List.of());
  }

  private static Duration delay(ReconcileResult result) {
    assertThat(result).isInstanceOf(ReconcileResult.RequeueAfter.class);
    return ((ReconcileResult.RequeueAfter) result).after();
  }

  private long errors(String reason) {
    return meters
        .counter("vdi_reconcile_errors_total", List.of(Tag.create("reason", reason)))
        .map(Counter::count)
        .orElse(0L);
  }

  private List<FakeApiServer.Request> statusWrites() {
    return cluster.server.requests(request -> request.path().endsWith("/status"));
  }

  private JsonObject awaitEvent() {
    await().until(() -> !eventRequests().isEmpty());
    return eventRequests().getFirst().json();
  }

  private List<FakeApiServer.Request> eventRequests() {
    return cluster.server.requests(request -> request.path().endsWith("/events"));
  }
}
