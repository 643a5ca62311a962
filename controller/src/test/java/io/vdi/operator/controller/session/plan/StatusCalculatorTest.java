package io.vdi.operator.controller.session.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.HttpRoute;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.DesiredState;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The status by the state of the pod. The template of {@link ClusterStates} has a startupTimeout of
 * 5m.
 */
class StatusCalculatorTest {
  private final SimulatedCluster cluster = new SimulatedCluster();

  StatusCalculatorTest() {
    cluster.session =
        ClusterStates.session(false, true, ReclaimPolicy.DELETE, VdiSession.Status.EMPTY);
    cluster.template = Optional.of(ClusterStates.template());
    cluster.apply(plan());
  }

  @Test
  void aNewSessionIsPending() {
    assertPhase(Phase.PENDING, "waiting for the volume of the home");
    assertThat(cluster.session.status().url()).isEqualTo("https://alice.vdi.example.com");
    assertThat(cluster.session.status().podName()).isEqualTo("desk");
  }

  @Test
  void aSessionThatWaitsForAQuotaShowsSinceWhen() {
    Instant since = cluster.now.minusSeconds(90);
    cluster.quotaWait = Optional.of(new QuotaWait("number 2 in line", since.plusNanos(7)));
    step();
    assertThat(condition(Condition.QUOTA_ADMITTED))
        .isEqualTo(
            new Condition(
                Condition.QUOTA_ADMITTED,
                "False",
                "QuotaExceeded",
                "number 2 in line",
                since,
                cluster.session.metadata().generation()));
    cluster.quotaWait = Optional.empty();
    step();
    assertThat(condition(Condition.QUOTA_ADMITTED)).matches(Condition::isTrue, "True");
    spec(true, 2);
    step();
    assertThat(cluster.session.status().condition(Condition.QUOTA_ADMITTED)).isEmpty();
  }

  @Test
  void anUnschedulablePodShowsTheMessageOfTheScheduler() {
    pod(
        """
        {"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
          "reason": "Unschedulable", "message": "0/4 nodes: Insufficient nvidia.com/gpu"}]}}
        """);
    assertPhase(Phase.PENDING, "0/4 nodes: Insufficient nvidia.com/gpu [VDI201]");
    assertThat(condition(Condition.POD_SCHEDULED).reason()).isEqualTo("Unschedulable");
  }

  @Test
  void aMissingVolumeHasOneMessageThroughoutTheStart() {
    String message = "waiting for the volume of the home";
    assertPhase(Phase.PENDING, message);
    pod(
        """
        {"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
          "reason": "Unschedulable",
          "message": "0/4 nodes: pod has unbound immediate PersistentVolumeClaims"}]}}
        """);
    assertPhase(Phase.PENDING, message);
  }

  @Test
  void aScheduledPodIsCreatingAndAReadyPodIsRunning() {
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    assertPhase(Phase.CREATING, "");
    cluster.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertThat(cluster.session.status().startTime()).isEqualTo(cluster.now);
    assertThat(cluster.session.status().expiresAt())
        .isEqualTo(cluster.now.plus(Duration.ofHours(8)));
    assertThat(condition(Condition.READY)).matches(Condition::isTrue, "True");
  }

  @Test
  void aCrashIsCreatingAgainAndKeepsTheStartTime() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    var start = cluster.session.status().startTime();
    cluster.now = cluster.now.plusSeconds(60);
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"phase": "Running", "containerStatuses": [
          {"name": "selkies", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}],
          "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T12:00:30Z"}]}}
        """);
    assertPhase(Phase.CREATING, "CrashLoopBackOff: back-off [VDI232]");
    assertThat(cluster.session.status().startTime()).isEqualTo(start);
  }

  @Test
  void anImageThatCannotBePulledIsFailedUntilThePodIsReady() {
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"containerStatuses": [{"name": "selkies",
          "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}}
        """);
    assertPhase(Phase.FAILED, "ImagePullBackOff: no such image [VDI231]");
    assertThat(cluster.objects).containsKey(ResourceType.POD);
    cluster.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
  }

  @Test
  void failedAndReadyHaveTheirOwnTransitionTimes() {
    var notReadySince = condition(Condition.READY).lastTransitionTime();
    assertThat(cluster.session.status().condition(Condition.FAILED)).isEmpty();
    cluster.now = cluster.now.plusSeconds(70);
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"containerStatuses": [{"name": "selkies",
          "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}}
        """);
    step();
    var failedSince = cluster.now;
    cluster.now = cluster.now.plusSeconds(30);
    step();
    assertThat(condition(Condition.READY).lastTransitionTime()).isEqualTo(notReadySince);
    assertThat(condition(Condition.FAILED)).matches(Condition::isTrue, "True");
    assertThat(condition(Condition.FAILED).lastTransitionTime()).isEqualTo(failedSince);
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    assertThat(condition(Condition.FAILED)).matches(c -> !c.isTrue(), "not True");
  }

  @Test
  void aStartThatIsTriedAgainStaysFailedSinceTheFirstAttempt() {
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    cluster.now = cluster.now.plus(Duration.ofMinutes(5));
    step();
    var failedSince = condition(Condition.FAILED).lastTransitionTime();
    step();
    cluster.advance();
    cluster.now = cluster.now.plus(Duration.ofMinutes(5));
    cluster.startIsRetried = true;
    step();
    cluster.startIsRetried = false;
    assertThat(cluster.objects).containsKey(ResourceType.POD);
    assertThat(cluster.session.status().phase()).isEqualTo(Phase.PENDING);
    assertThat(condition(Condition.FAILED)).matches(Condition::isTrue, "True");
    assertThat(condition(Condition.FAILED).lastTransitionTime()).isEqualTo(failedSince);
    cluster.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertThat(condition(Condition.FAILED)).matches(c -> !c.isTrue(), "not True");
  }

  @Test
  void theTimeoutCountsAtMostAsTheMaxTimeoutOfTheTemplate() {
    cluster.template = Optional.of(ClusterStates.template("maxTimeout: 2h"));
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    assertThat(cluster.session.status().expiresAt())
        .isEqualTo(cluster.now.plus(Duration.ofHours(2)));
  }

  @Test
  void anEvictedPodIsReplacedAndCounted() {
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"phase": "Failed", "reason": "Evicted", "message": "low on disk"}}
        """);
    assertPhase(Phase.PENDING, "the pod ended: Evicted; starting it again [VDI208]");
    assertThat(condition(Condition.READY).reason()).isEqualTo("Evicted");
    cluster.advance();
    step();
    step();
    assertThat(cluster.objects.get(ResourceType.POD))
        .isInstanceOfSatisfying(Pod.class, pod -> assertThat(pod.isFinished()).isFalse());
    assertThat(cluster.session.status().restarts()).isEqualTo(1);
  }

  @Test
  void aLostNodeIsNamedAndTheStartupTimeoutDoesNotRun() {
    pod(notReady("{\"nodeName\": \"n\"}"));
    cluster.node = Optional.of(ClusterStates.node(false, cluster.now));
    String lost = "node n is NotReady since " + cluster.now + " [VDI209]";
    cluster.now = cluster.now.plus(Duration.ofMinutes(20));
    assertPhase(Phase.CREATING, lost);
    assertThat(condition(Condition.READY).reason()).isEqualTo("NodeNotReady");
    cluster.node = Optional.of(ClusterStates.node(true, cluster.now));
    assertPhase(Phase.CREATING, "");
    cluster.now = cluster.now.plus(Duration.ofMinutes(5));
    step();
    assertThat(cluster.session.status().phase()).isEqualTo(Phase.FAILED);
  }

  @Test
  void aPodOfALostNodeKeepsItsGracePeriodAndIsForceDeletedOnlyWithItsSession() {
    pod(notReady("{\"nodeName\": \"n\"}"));
    step();
    cluster.node = Optional.of(ClusterStates.node(false, cluster.now));
    spec(true, 2);
    step();
    cluster.now = cluster.now.plus(Duration.ofHours(1));
    step();
    assertThat(cluster.session.status().message())
        .startsWith("suspending: the pod cannot stop: node n is NotReady since ");
    assertThat(cluster.objects).containsKey(ResourceType.POD);
    cluster.delete(Map.of());
    ObjectMeta pod = cluster.objects.get(ResourceType.POD).metadata();
    cluster.now = pod.deletionTimestamp().minusSeconds(7);
    assertThat(plan().requeue()).isEqualTo(new Requeue.RecheckAfter(Duration.ofSeconds(7)));
    assertThat(plan().steps()).noneMatch(step -> step.action() instanceof Action.ForceDeletePod);
    cluster.now = pod.deletionTimestamp();
    assertThat(plan().actions(Step.Order.STOP))
        .hasAtLeastOneElementOfType(Action.ForceDeletePod.class);
    assertThat(plan().status().orElseThrow().message()).startsWith("node n is NotReady since ");
  }

  private static String notReady(String spec) {
    return """
    {"spec": %s, "status": {"phase": "Running",
      "conditions": [{"type": "Ready", "status": "False"}]}}
    """
        .formatted(spec);
  }

  @Test
  void aPodThatNeverRanIsReplacedWhenTheTemplateChanges() {
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"containerStatuses": [{"name": "selkies",
          "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]}}
        """);
    step();
    cluster.template = Optional.of(ClusterStates.template("encoder: x264enc"));
    assertThat(plan().actions(Step.Order.STOP)).hasAtLeastOneElementOfType(Action.ReplacePod.class);
    cluster.objects.put(ResourceType.POD, readyPod());
    assertThat(plan().steps()).noneMatch(step -> step.action() instanceof Action.ReplacePod);
  }

  @Test
  void aSessionIsStoppedWhateverIsWrongWithIt() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    spec(true, 2);
    cluster.objects.put(
        ResourceType.SERVICE,
        ClusterStates.object(
            ResourceType.SERVICE,
            new ObjectMeta(
                "desk", "desks", "uid-x", "1", 1, cluster.now, null, null, null, null, null, 0)));
    assertThat(plan().actions(Step.Order.STOP)).hasAtLeastOneElementOfType(Action.Delete.class);
    cluster.template = Optional.empty();
    assertThat(plan().actions(Step.Order.STOP)).hasAtLeastOneElementOfType(Action.Delete.class);
  }

  @Test
  void aSlowStartFailsAndDeletesThePodUntilSuspendAndResume() {
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    Plan early = plan();
    assertThat(early.requeue())
        .isEqualTo(new Requeue.RecheckAfter(Duration.ofMinutes(5).plusSeconds(1)));
    cluster.now = cluster.now.plus(Duration.ofMinutes(5));
    assertPhase(
        Phase.FAILED,
        "not ready within the startup timeout of 5m; retried in 5m, or when session or template"
            + " change [VDI301]");
    step();
    assertThat(cluster.objects.get(ResourceType.POD).metadata())
        .matches(ObjectMeta::isDeleting, "being deleted");
    cluster.advance();
    for (int i = 0; i < 3; i++) {
      step();
      assertThat(cluster.session.status().phase()).isEqualTo(Phase.FAILED);
      assertThat(cluster.objects).doesNotContainKey(ResourceType.POD);
    }
    spec(true, 2);
    assertPhase(Phase.SUSPENDED, "");
    spec(false, 3);
    step();
    assertThat(cluster.objects).containsKey(ResourceType.POD);
    assertPhase(Phase.PENDING, "");
  }

  @Test
  void suspendDeletesOnlyThePodAndResumeRestartsTheTime() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    spec(true, 2);
    step();
    assertThat(cluster.session.status().phase()).isEqualTo(Phase.RUNNING);
    assertThat(cluster.session.status().message()).isEqualTo("suspending: the pod stops");
    cluster.advance();
    assertPhase(Phase.SUSPENDED, "");
    assertThat(cluster.session.status().startTime()).isNull();
    assertThat(cluster.session.status().expiresAt()).isNull();
    assertThat(cluster.session.status().url()).isEqualTo("https://alice.vdi.example.com");
    assertThat(cluster.objects.size()).isEqualTo(7);
    spec(false, 3);
    step();
    cluster.now = cluster.now.plusSeconds(100);
    cluster.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertThat(cluster.session.status().startTime()).isEqualTo(cluster.now);
  }

  @Test
  void aMissingTemplateFailsTheSessionUnlessTheDesktopRuns() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    cluster.template = Optional.empty();
    assertPhase(Phase.RUNNING, "");
    assertThat(condition(Condition.TEMPLATE_RESOLVED).reason()).isEqualTo("TemplateNotFound");
    cluster.objects.remove(ResourceType.POD);
    assertPhase(Phase.FAILED, "Template not found: ubuntu");
  }

  @Test
  void aRefusalFailsTheSessionUnlessTheDesktopRuns() {
    FailedStep refused =
        new FailedStep(
            new Step(Step.Order.FINALIZER, new Action.AddFinalizer(cluster.session)),
            new ApiFailure.Permanent("Forbidden", "violates PodSecurity \"restricted\""));
    VdiSession.Status failed = withFailures(refused);
    assertThat(failed.phase()).isEqualTo(Phase.FAILED);
    assertThat(failed.message()).isEqualTo("violates PodSecurity \"restricted\" [VDI213]");
    assertThat(failed.condition(Condition.FAILED)).get().matches(Condition::isTrue, "True");
    assertThat(failed.condition(Condition.STALLED)).get().matches(Condition::isTrue, "True");
    assertThat(failed.condition(Condition.RECONCILING)).isEmpty();
    cluster.objects.put(ResourceType.POD, readyPod());
    VdiSession.Status running = withFailures(refused);
    assertThat(running.phase()).isEqualTo(Phase.RUNNING);
    assertThat(running.message()).isEqualTo("violates PodSecurity \"restricted\" [VDI213]");
  }

  @Test
  void whatIsRetriedLeavesTheSessionPendingWithTheWordsOfTheServer() {
    DesiredObject pod =
        ((DesiredState.Children) cluster.desired()).get(ChildKind.POD).orElseThrow();
    VdiSession.Status status =
        withFailures(
            new FailedStep(
                new Step(Step.Order.POD, new Action.CreatePod(pod, 0)),
                new ApiFailure.Transient("InternalError", "failed calling webhook \"guard\"")));
    assertThat(status.phase()).isEqualTo(Phase.PENDING);
    assertThat(status.message())
        .isEqualTo("Pod desk cannot be created: failed calling webhook \"guard\"; retrying");
    assertThat(status.condition(Condition.READY))
        .get()
        .extracting(Condition::reason)
        .isEqualTo("InternalError");
  }

  @Test
  void aRefusedSizeChangesOnlyTheConditionOfTheStorage() {
    cluster.objects.put(ResourceType.POD, readyPod());
    ObjectMeta home = cluster.objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM).metadata();
    VdiSession.Status status =
        withFailures(
            new FailedStep(
                new Step(Step.Order.OPTIONAL, new Action.ResizeHome(home, "20Gi")),
                new ApiFailure.Permanent("Forbidden", "must support resize")));
    assertThat(status.phase()).isEqualTo(Phase.RUNNING);
    assertThat(status.condition(Condition.READY)).get().matches(Condition::isTrue, "True");
    assertThat(status.condition(Condition.STORAGE_READY))
        .get()
        .extracting(Condition::status, Condition::reason, Condition::message)
        .containsExactly("False", "ResizeRefused", "must support resize");
  }

  @Test
  void aSecretThatIsNewerThanThePodIsReported() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    cluster.objects.remove(ResourceType.SECRET);
    cluster.now = cluster.now.plusSeconds(60);
    step();
    step();
    assertThat(cluster.session.status().phase()).isEqualTo(Phase.RUNNING);
    assertThat(condition(Condition.READY))
        .extracting(Condition::status, Condition::reason)
        .containsExactly("True", "CredentialsChanged");
    assertThat(cluster.session.status().message()).contains("keeps the old password");
  }

  @Test
  void replacedPodsAreCountedAlsoIfTheStatusWasNotWritten() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    VdiSession running = cluster.session;
    cluster.objects.remove(ResourceType.POD);
    step();
    cluster.session = running;
    step();
    assertThat(cluster.session.status().restarts()).isEqualTo(1);
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    step();
    assertThat(cluster.session.status().restarts()).isEqualTo(1);
  }

  @Test
  void kstatusReadsASuspendedSessionAsCurrent() {
    cluster.objects.put(ResourceType.POD, readyPod());
    step();
    spec(true, 2);
    step();
    assertThat(condition(Condition.READY).isTrue()).as("Ready while the pod stops").isTrue();
    cluster.advance();
    step();
    assertThat(cluster.session.status().conditions())
        .extracting(Condition::type)
        .contains(Condition.SUSPENDED, Condition.INITIALIZED)
        .doesNotContain(Condition.READY, Condition.RECONCILING, Condition.STALLED);
  }

  private VdiSession.Status withFailures(FailedStep failed) {
    return FailureStatus.of(
        cluster.observe(),
        cluster.config,
        plan().status().orElseThrow(),
        List.of(failed),
        cluster.now);
  }

  @Test
  void transitionTimesChangeOnlyWithTheStatus() {
    var first = condition(Condition.READY).lastTransitionTime();
    cluster.now = cluster.now.plusSeconds(50);
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    step();
    assertThat(condition(Condition.READY).lastTransitionTime()).isEqualTo(first);
    assertThat(condition(Condition.POD_SCHEDULED).lastTransitionTime()).isEqualTo(cluster.now);
  }

  @Test
  void withoutTraefikTheDesktopRunsWithoutARoute() {
    cluster.routeTypeServed = false;
    cluster.objects.remove(ResourceType.INGRESS_ROUTE);
    cluster.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertThat(condition(Condition.ROUTE_READY).reason()).isEqualTo("KindNotServed");
    assertThat(cluster.objects).doesNotContainKey(ResourceType.INGRESS_ROUTE);
  }

  @Test
  void theRouterOfAGatewayReportsWhyItDoesNotServeTheRoute() {
    SessionConfig.Ingress ingress =
        new SessionConfig.Ingress(
            SessionConfig.IngressKind.GATEWAY, Optional.empty(), List.of("websecure"));
    SessionConfig before = cluster.config;
    cluster.config =
        new SessionConfig(
            before.domain(),
            ingress,
            before.tls(),
            before.turn(),
            before.network(),
            before.access(),
            Optional.empty());
    step();
    assertThat(condition(Condition.ROUTE_READY).reason()).isEqualTo("Created");
    httpRoute("Accepted", "True", "Accepted", "");
    assertThat(condition(Condition.ROUTE_READY).isTrue()).isTrue();
    httpRoute("ResolvedRefs", "False", "BackendNotFound", "no Service desk");
    assertThat(condition(Condition.ROUTE_READY).isTrue()).isFalse();
    assertThat(condition(Condition.ROUTE_READY).reason()).isEqualTo("BackendNotFound");
    assertThat(condition(Condition.ROUTE_READY).message())
        .isEqualTo("Gateway inner: no Service desk [VDI323]");
    httpRoute("Accepted", "False", "NoMatchingParent", "");
    assertThat(condition(Condition.ROUTE_READY).message())
        .isEqualTo("Gateway inner: NoMatchingParent [VDI323]");
  }

  private void httpRoute(String type, String status, String reason, String message) {
    String json =
        """
        {"status": {"parents": [{"parentRef": {"name": "inner"}, "conditions": [{
           "type": "%s", "status": "%s", "reason": "%s", "message": "%s"}]}]}}
        """
            .formatted(type, status, reason, message);
    cluster.objects.computeIfPresent(
        ResourceType.HTTP_ROUTE,
        (key, route) ->
            new HttpRoute(
                route.metadata(), KubeGson.gson().fromJson(json, HttpRoute.class).status()));
    step();
  }

  private void assertPhase(Phase phase, String message) {
    step();
    assertThat(cluster.session.status().phase()).isEqualTo(phase);
    assertThat(cluster.session.status().message()).isEqualTo(message);
  }

  private Condition condition(String type) {
    return cluster.session.status().condition(type).orElseThrow();
  }

  private void step() {
    cluster.apply(plan());
  }

  private Plan plan() {
    return cluster.plan();
  }

  private void spec(boolean suspended, long generation) {
    JsonObject json = KubeGson.gson().toJsonTree(cluster.session).getAsJsonObject();
    json.getAsJsonObject("metadata").addProperty("generation", generation);
    json.getAsJsonObject("spec").addProperty("suspended", suspended);
    cluster.session = KubeGson.gson().fromJson(json, VdiSession.class);
  }

  private Pod readyPod() {
    return withMeta(
        """
        {"spec": {"nodeName": "n"}, "status": {"phase": "Running", "conditions": [
          {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T12:00:00Z"}]}}
        """);
  }

  private void pod(String json) {
    cluster.objects.put(ResourceType.POD, withMeta(json));
  }

  private Pod withMeta(String json) {
    Pod parsed = KubeGson.gson().fromJson(json, Pod.class);
    Pod existing = (Pod) cluster.objects.get(ResourceType.POD);
    return new Pod(existing.metadata(), parsed.spec(), parsed.status());
  }
}
