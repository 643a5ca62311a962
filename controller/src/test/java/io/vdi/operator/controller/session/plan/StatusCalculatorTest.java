package io.vdi.operator.controller.session.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The phases by what the pod says; the template of {@link ClusterStates} has a startupTimeout of
 * 5m.
 */
class StatusCalculatorTest {
  private final SimulatedCluster world = new SimulatedCluster();

  StatusCalculatorTest() {
    world.session =
        ClusterStates.session(false, true, ReclaimPolicy.DELETE, VdiSession.Status.EMPTY);
    world.template = Optional.of(ClusterStates.template());
    world.apply(plan());
  }

  @Test
  void acceptedIsPending() {
    assertPhase(Phase.PENDING, "waiting for the volume of the home");
    assertEquals("https://alice.vdi.example.com", world.session.status().url());
    assertEquals("desk", world.session.status().podName());
  }

  @Test
  void theSchedulersWordsWhileThePodCannotBePlaced() {
    pod(
        """
        {"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
          "reason": "Unschedulable", "message": "0/4 nodes: Insufficient nvidia.com/gpu"}]}}
        """);
    assertPhase(Phase.PENDING, "0/4 nodes: Insufficient nvidia.com/gpu [VDI201]");
    assertEquals("Unschedulable", condition(Condition.POD_SCHEDULED).reason());
  }

  @Test
  void thatTheVolumeIsNotThereYetIsSaidInTheSameWordsThroughout() {
    String words = "waiting for the volume of the home";
    assertPhase(Phase.PENDING, words);
    pod(
        """
        {"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
          "reason": "Unschedulable",
          "message": "0/4 nodes: pod has unbound immediate PersistentVolumeClaims"}]}}
        """);
    assertPhase(Phase.PENDING, words);
  }

  @Test
  void placedIsCreatingAndReadyIsRunning() {
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    assertPhase(Phase.CREATING, "");
    world.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertEquals(world.now, world.session.status().startTime());
    assertEquals(world.now.plus(Duration.ofHours(8)), world.session.status().expiresAt());
    assertTrue(condition(Condition.READY).isTrue());
  }

  @Test
  void aCrashIsCreatingAgainAndTheClockGoesOn() {
    world.objects.put(ResourceType.POD, readyPod());
    step();
    var start = world.session.status().startTime();
    world.now = world.now.plusSeconds(60);
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"phase": "Running", "containerStatuses": [
          {"name": "selkies", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}],
          "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T12:00:30Z"}]}}
        """);
    assertPhase(Phase.CREATING, "CrashLoopBackOff: back-off [VDI232]");
    assertEquals(start, world.session.status().startTime());
  }

  @Test
  void anImageThatCannotBePulledIsFailedAndHeals() {
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"containerStatuses": [{"name": "selkies",
          "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}}
        """);
    assertPhase(Phase.FAILED, "ImagePullBackOff: no such image [VDI231]");
    assertTrue(world.objects.containsKey(ResourceType.POD));
    world.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
  }

  @Test
  void sinceWhenItIsFailedIsToldApartFromSinceWhenItIsNotReady() {
    var notReadySince = condition(Condition.READY).lastTransitionTime();
    assertTrue(world.session.status().condition(Condition.FAILED).isEmpty());
    world.now = world.now.plusSeconds(70);
    pod(
        "{\"spec\": {\"nodeName\": \"n\"}, \"status\": {\"phase\": \"Failed\", \"reason\": \"Evicted\"}}");
    step();
    var failedSince = world.now;
    world.now = world.now.plusSeconds(30);
    step();
    assertEquals(notReadySince, condition(Condition.READY).lastTransitionTime());
    assertTrue(condition(Condition.FAILED).isTrue());
    assertEquals(failedSince, condition(Condition.FAILED).lastTransitionTime());
    world.objects.put(ResourceType.POD, readyPod());
    step();
    assertTrue(!condition(Condition.FAILED).isTrue());
  }

  @Test
  void theEndIsNeverLaterThanTheTemplateAllows() {
    world.template = Optional.of(ClusterStates.template("maxTimeout: 2h"));
    world.objects.put(ResourceType.POD, readyPod());
    step();
    assertEquals(world.now.plus(Duration.ofHours(2)), world.session.status().expiresAt());
  }

  @Test
  void anEvictedPodIsFailedAndSaysHowToGoOn() {
    pod(
        """
        {"spec": {"nodeName": "n"}, "status": {"phase": "Failed", "reason": "Evicted", "message": "low on disk"}}
        """);
    assertPhase(Phase.FAILED, "pod failed: low on disk; delete the pod to try again [VDI208]");
    assertEquals("Evicted", condition(Condition.READY).reason());
  }

  @Test
  void aStartThatTakesTooLongFailsThenItsPodGoesAndSuspendAndResumeTriesAgain() {
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    Plan early = plan();
    assertInstanceOf(Requeue.RecheckAfter.class, early.next());
    world.now = world.now.plus(Duration.ofMinutes(5));
    assertPhase(
        Phase.FAILED,
        "not ready within the startup timeout of 5m; suspend and resume the session to try again [VDI301]");
    step();
    assertTrue(world.objects.get(ResourceType.POD).metadata().isDeleting());
    world.live();
    for (int i = 0; i < 3; i++) {
      step();
      assertEquals(Phase.FAILED, world.session.status().phase());
      assertTrue(!world.objects.containsKey(ResourceType.POD));
    }
    spec(true, 2);
    assertPhase(Phase.SUSPENDED, "");
    spec(false, 3);
    step();
    assertTrue(world.objects.containsKey(ResourceType.POD));
    assertPhase(Phase.PENDING, "");
  }

  @Test
  void suspendKeepsAllButThePodAndResumeBeginsAnew() {
    world.objects.put(ResourceType.POD, readyPod());
    step();
    spec(true, 2);
    step();
    assertEquals(Phase.RUNNING, world.session.status().phase());
    assertEquals("suspending: the pod stops", world.session.status().message());
    world.live();
    assertPhase(Phase.SUSPENDED, "");
    assertEquals(null, world.session.status().startTime());
    assertEquals(null, world.session.status().expiresAt());
    assertEquals("https://alice.vdi.example.com", world.session.status().url());
    assertEquals(4, world.objects.size());
    spec(false, 3);
    step();
    world.now = world.now.plusSeconds(100);
    world.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertEquals(world.now, world.session.status().startTime());
  }

  @Test
  void aMissingTemplateFailsWithItsNameAndARunningDesktopRunsOn() {
    world.objects.put(ResourceType.POD, readyPod());
    step();
    world.template = Optional.empty();
    assertPhase(Phase.RUNNING, "");
    assertEquals("TemplateNotFound", condition(Condition.TEMPLATE_RESOLVED).reason());
    world.objects.remove(ResourceType.POD);
    assertPhase(Phase.FAILED, "Template not found: ubuntu");
  }

  @Test
  void aRefusalIsFailedUnlessTheDesktopRuns() {
    ApiFailure.Permanent why = new ApiFailure.Permanent("Forbidden", "exceeded quota");
    VdiSession.Status pending = plan().status().orElseThrow();
    VdiSession.Status failed = StatusCalculator.refused(world.observe(), pending, why, world.now);
    assertEquals(Phase.FAILED, failed.phase());
    assertEquals("exceeded quota [VDI212]", failed.message());
    assertTrue(failed.condition(Condition.FAILED).orElseThrow().isTrue());
    world.objects.put(ResourceType.POD, readyPod());
    VdiSession.Status running =
        StatusCalculator.refused(world.observe(), plan().status().orElseThrow(), why, world.now);
    assertEquals(Phase.RUNNING, running.phase());
    assertEquals("exceeded quota [VDI212]", running.message());
  }

  @Test
  void transitionTimesAreKeptWhileTheStatusStays() {
    var first = condition(Condition.READY).lastTransitionTime();
    world.now = world.now.plusSeconds(50);
    pod("{\"spec\": {\"nodeName\": \"n\"}}");
    step();
    assertEquals(first, condition(Condition.READY).lastTransitionTime());
    assertEquals(world.now, condition(Condition.POD_SCHEDULED).lastTransitionTime());
  }

  @Test
  void withoutTraefikTheRouteSaysSoAndTheDesktopRuns() {
    world.routeKindServed = false;
    world.objects.remove(ResourceType.INGRESS_ROUTE);
    world.objects.put(ResourceType.POD, readyPod());
    assertPhase(Phase.RUNNING, "");
    assertEquals("KindNotServed", condition(Condition.ROUTE_READY).reason());
    assertTrue(!world.objects.containsKey(ResourceType.INGRESS_ROUTE));
  }

  private void assertPhase(Phase phase, String message) {
    step();
    assertEquals(phase, world.session.status().phase());
    assertEquals(message, world.session.status().message());
  }

  private Condition condition(String type) {
    return world.session.status().condition(type).orElseThrow();
  }

  private void step() {
    world.apply(plan());
  }

  private Plan plan() {
    return SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now);
  }

  private void spec(boolean suspended, long generation) {
    JsonObject json = KubeGson.gson().toJsonTree(world.session).getAsJsonObject();
    json.getAsJsonObject("metadata").addProperty("generation", generation);
    json.getAsJsonObject("spec").addProperty("suspended", suspended);
    world.session = KubeGson.gson().fromJson(json, VdiSession.class);
  }

  private Pod readyPod() {
    return withMeta(
        """
        {"spec": {"nodeName": "n"}, "status": {"phase": "Running", "conditions": [
          {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T12:00:00Z"}]}}
        """);
  }

  private void pod(String json) {
    world.objects.put(ResourceType.POD, withMeta(json));
  }

  private Pod withMeta(String json) {
    Pod parsed = KubeGson.gson().fromJson(json, Pod.class);
    Pod existing = (Pod) world.objects.get(ResourceType.POD);
    return new Pod(existing.metadata(), parsed.spec(), parsed.status());
  }
}
