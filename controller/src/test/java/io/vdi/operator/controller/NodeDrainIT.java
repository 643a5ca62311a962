package io.vdi.operator.controller;

import static io.vdi.operator.controller.TestController.CONTROLLER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.MergePatch;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.cluster.Cluster;
import io.vdi.operator.devcluster.testing.ClusterExtension;
import io.vdi.operator.devcluster.testing.ClusterExtension.TestNamespace;
import io.vdi.operator.devcluster.testing.RunningService;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.devcluster.testing.TestTemplates;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A node is cordoned under a desktop; docs/specification.md, section 3, Drained nodes. */
@ExtendWith(ClusterExtension.class)
class NodeDrainIT {
  private static final String ROLE =
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/vdi-controller";

  private final Cluster cluster;
  private final KubeClient api;
  private final TestNamespace namespace;
  private Optional<String> cordoned = Optional.empty();

  NodeDrainIT(Cluster cluster, KubeClient api, TestNamespace namespace) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  @BeforeAll
  static void install(Cluster cluster, KubeClient api) {
    TestController.installWithTemplates(cluster, api);
    TestTemplates.applySimulated(api, "draining", "drainGrace: 1h");
  }

  @AfterEach
  void uncordon() {
    cordoned.ifPresent(node -> cordon(node, false));
  }

  @Test
  void theDesktopMovesAtTheDeadlineAndAnUncordonCancels() {
    SessionFixture session = namespace.session("drain").create("template: draining");
    Pod pod;
    String home;
    Instant deadline;
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitPhase(Phase.RUNNING);
      pod = session.child(ResourceType.POD).orElseThrow();
      home = session.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().uid();
      Instant before = Instant.now();
      cordon(pod.spec().nodeName(), true);
      VdiSession draining = session.awaitCondition(Condition.NODE_DRAINING);
      assertThat(draining.status().currentPhase()).contains(Phase.RUNNING);
      assertThat(draining.status().message()).contains(pod.spec().nodeName()).endsWith("[VDI210]");
      assertThat(deadline(session).orElseThrow())
          .isBetween(before.plus(Duration.ofMinutes(59)), before.plus(Duration.ofMinutes(61)));
      session.awaitEvent("NodeDraining");

      cordon(pod.spec().nodeName(), false);
      session.awaitUntil("no drain", s -> s.status().condition(Condition.NODE_DRAINING).isEmpty());
      session.awaitEvent("NodeDrainCancelled");
      assertThat(deadline(session)).isEmpty();

      cordon(pod.spec().nodeName(), true);
      session.awaitCondition(Condition.NODE_DRAINING);
      deadline = deadline(session).orElseThrow();
    }
    // Another leader continues the countdown.
    try (RunningService _ = CONTROLLER.start(cluster)) {
      session.awaitUnchangedFor(Duration.ofSeconds(3));
      assertThat(deadline(session)).contains(deadline);
      assertThat(session.child(ResourceType.POD).orElseThrow().uid()).isEqualTo(pod.uid());
      api.mergePatch(
              ResourceType.POD,
              session.namespace(),
              pod.name(),
              MergePatch.unconditional()
                  .annotation(
                      Annotations.DRAIN_DEADLINE,
                      Instant.now().minusSeconds(5).truncatedTo(ChronoUnit.SECONDS).toString())
                  .toJson())
          .orElseThrow();
      await("a pod on another node")
          .atMost(SessionFixture.PATIENCE)
          .until(
              () -> session.child(ResourceType.POD).ok(),
              found ->
                  found
                      .filter(other -> !other.uid().equals(pod.uid()))
                      .filter(Pod::isScheduled)
                      .filter(other -> !other.spec().nodeName().equals(pod.spec().nodeName()))
                      .isPresent());
      // KWOK deletes ended pods by name. A late deletion meets the new pod, which counts again.
      VdiSession moved =
          session.awaitUntil(
              "running elsewhere",
              s ->
                  s.status().currentPhase().equals(Optional.of(Phase.RUNNING))
                      && s.status().condition(Condition.NODE_DRAINING).isEmpty()
                      && s.status().restarts() >= 1);
      assertThat(moved.spec().suspended()).isFalse();
      assertThat(deadline(session)).isEmpty();
      assertThat(session.child(ResourceType.PERSISTENT_VOLUME_CLAIM).orElseThrow().uid())
          .isEqualTo(home);
      session.awaitEvent("PodReplaced");
      assertThat(session.countEvents("NodeDrainCancelled")).isEqualTo(1);
    }
  }

  @Test
  void aDesktopThatOnlyThisNodeCanRunStays() {
    SessionFixture probe = namespace.session("probe").create("template: kwok");
    try (RunningService _ = CONTROLLER.start(cluster)) {
      probe.awaitPhase(Phase.RUNNING);
      String node = probe.child(ResourceType.POD).orElseThrow().spec().nodeName();
      TestTemplates.apply(
          api,
          "pinned",
          "drainGrace: 1h, persistence: {storageClassName: kwok-volume}, nodeSelector:"
              + " {kubernetes.io/hostname: "
              + node
              + "}");
      SessionFixture session = namespace.session("pinned").create("template: pinned");
      session.awaitPhase(Phase.RUNNING);
      cordon(node, true);
      assertThat(session.awaitCondition(Condition.NODE_DRAINING, Condition::isTrue).message())
          .endsWith("no other node can run it");
      assertThat(deadline(session)).isEmpty();
    }
  }

  @Test
  void withoutThePermissionToReadNodesDesktopsStart() {
    JsonObject role = api.request("GET", ROLE, null).orElseThrow();
    JsonArray rules = role.getAsJsonArray("rules").deepCopy();
    JsonArray others = new JsonArray();
    rules.forEach(rule -> {
      if (!rule.toString().contains("\"nodes\"")) {
        others.add(rule);
      }
    });
    setRules(others);
    try (RunningService _ = CONTROLLER.start(cluster)) {
      namespace.session("blind").create("template: draining").awaitPhase(Phase.RUNNING);
    } finally {
      setRules(rules);
    }
  }

  private void setRules(JsonArray rules) {
    JsonObject role = api.request("GET", ROLE, null).orElseThrow();
    role.add("rules", rules);
    api.request("PUT", ROLE, role).orElseThrow();
  }

  private Optional<Instant> deadline(SessionFixture session) {
    return session
        .child(ResourceType.POD)
        .orElseThrow()
        .metadata()
        .annotation(Annotations.DRAIN_DEADLINE)
        .map(Instant::parse);
  }

  private void cordon(String node, boolean unschedulable) {
    cordoned = Optional.of(node);
    api.mergePatch(
            ResourceType.NODE,
            "",
            node,
            MergePatch.unconditional().set("spec.unschedulable", unschedulable).toJson())
        .orElseThrow();
  }
}
