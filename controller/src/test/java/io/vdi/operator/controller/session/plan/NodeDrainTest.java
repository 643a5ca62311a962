package io.vdi.operator.controller.session.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.Node;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A desktop on a node that is drained; {@link NodeDrainProperties} has what holds for all. */
class NodeDrainTest {
  private static final Node HEALTHY = ClusterStates.readyNode("");
  private static final Node CORDONED = ClusterStates.readyNode("unschedulable: true");

  private final SimulatedCluster cluster = new SimulatedCluster();

  NodeDrainTest() {
    cluster.session =
        ClusterStates.session(false, true, ReclaimPolicy.DELETE, VdiSession.Status.EMPTY);
    cluster.template = Optional.of(ClusterStates.template("drainGrace: 10m"));
    cluster.node = Optional.of(HEALTHY);
    settle();
    assertThat(phase()).contains(Phase.RUNNING);
  }

  @Test
  void aHealthyNodeChangesNothing() {
    assertThat(cluster.plan().steps()).isEmpty();
    assertThat(draining()).isEmpty();
  }

  @Test
  void aCordonIsAnnouncedOnThePodAndInTheStatus() {
    cluster.node = Optional.of(CORDONED);
    settle();
    assertThat(pod().metadata().annotation(Annotations.DRAIN_DEADLINE))
        .contains("2026-01-01T12:10:00Z");
    Condition condition = draining().orElseThrow();
    assertThat(condition.isTrue()).isTrue();
    assertThat(condition.reason()).isEqualTo("NodeCordoned");
    assertThat(condition.message())
        .isEqualTo(
            "node node is being drained: the desktop stops at 2026-01-01T12:10:00Z and starts on"
                + " another node");
    assertThat(cluster.session.status().message()).isEqualTo(condition.message() + " [VDI210]");
    assertThat(phase()).contains(Phase.RUNNING);
    assertThat(cluster.session.status().condition(Condition.READY))
        .get()
        .matches(Condition::isTrue, "Ready, so that kstatus reads Current");
    assertThat(cluster.plan().requeue())
        .isEqualTo(new Requeue.RecheckAfter(Duration.ofMinutes(10)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "taints: [{key: ToBeDeletedByClusterAutoscaler, value: '1', effect: NoSchedule}]",
        "taints: [{key: 'karpenter.sh/disrupted', effect: NoSchedule}]",
        "taints: [{key: 'node.kubernetes.io/unschedulable', effect: NoSchedule}], unschedulable: true"
      })
  void aTaintOfADrainIsAnnouncedToo(String spec) {
    cluster.node = Optional.of(ClusterStates.readyNode(spec));
    settle();
    assertThat(draining().map(Condition::reason))
        .contains(spec.contains("unschedulable") ? "NodeCordoned" : "NodeRemoval");
  }

  @Test
  void atTheDeadlineTheDesktopStartsOnAnotherNodeAndKeepsItsHome() {
    String home = uid(ResourceType.PERSISTENT_VOLUME_CLAIM);
    String former = uid(ResourceType.POD);
    cluster.node = Optional.of(CORDONED);
    settle();
    cluster.now = cluster.now.plus(Duration.ofMinutes(10)).minusSeconds(1);
    assertThat(cluster.plan().steps()).isEmpty();
    cluster.now = cluster.now.plusSeconds(1);
    cluster.apply(cluster.plan());
    assertThat(draining().map(Condition::reason)).contains(Condition.MOVING);
    cluster.apply(cluster.plan());
    assertThat(phase()).contains(Phase.PENDING);
    assertThat(NodeDrain.isMoving(cluster.session)).isTrue();
    cluster.advance();
    assertThat(cluster.objects).doesNotContainKey(ResourceType.POD);
    assertThat(NodeDrain.isMoving(cluster.session)).isTrue();
    cluster.node = Optional.of(HEALTHY);
    settle();
    assertThat(phase()).contains(Phase.RUNNING);
    assertThat(draining()).isEmpty();
    assertThat(NodeDrain.isMoving(cluster.session)).isFalse();
    assertThat(uid(ResourceType.POD)).isNotEqualTo(former);
    assertThat(uid(ResourceType.PERSISTENT_VOLUME_CLAIM)).isEqualTo(home);
    assertThat(cluster.session.status().restarts()).isEqualTo(1);
    assertThat(cluster.session.spec().suspended()).isFalse();
  }

  @Test
  void anUncordonCancelsTheCountdown() {
    cluster.node = Optional.of(CORDONED);
    settle();
    cluster.now = cluster.now.plus(Duration.ofMinutes(9));
    cluster.node = Optional.of(HEALTHY);
    settle();
    assertThat(draining()).isEmpty();
    assertThat(pod().metadata().annotation(Annotations.DRAIN_DEADLINE)).isEmpty();
    // Another cordon starts another countdown.
    cluster.node = Optional.of(CORDONED);
    settle();
    assertThat(NodeDrain.deadline(pod())).contains(cluster.now.plus(Duration.ofMinutes(10)));
  }

  @Test
  void withoutAnotherNodeTheDesktopStays() {
    cluster.drainCheck = new DrainCheck.Fixed("no other node can run it");
    cluster.node = Optional.of(CORDONED);
    settle();
    assertThat(draining().map(Condition::message))
        .contains("node node is being drained; the desktop stays: no other node can run it");
    assertThat(cluster.session.status().message()).isEmpty();
    cluster.now = cluster.now.plus(Duration.ofHours(5));
    settle();
    assertThat(cluster.moves).isZero();
    // A node becomes free: from now on the whole time.
    cluster.drainCheck = new DrainCheck.Movable();
    settle();
    assertThat(NodeDrain.deadline(pod())).contains(cluster.now.plus(Duration.ofMinutes(10)));
    // And it is lost again before the deadline.
    cluster.drainCheck = new DrainCheck.Fixed("no other node can run it");
    cluster.now = cluster.now.plus(Duration.ofMinutes(10));
    settle();
    assertThat(cluster.moves).isZero();
    assertThat(NodeDrain.deadline(pod())).isEmpty();
  }

  @Test
  void withoutDrainGraceADrainIsOnlyReported() {
    for (String grace : new String[] {"displayName: Ubuntu", "drainGrace: 0s"}) {
      cluster.template = Optional.of(ClusterStates.template(grace));
      cluster.node = Optional.of(CORDONED);
      cluster.now = cluster.now.plus(Duration.ofHours(1));
      settle();
      assertThat(draining().map(Condition::message))
          .contains(
              "node node is being drained; the desktop stays: its template has no drainGrace: it"
                  + " runs until its pod is evicted");
      assertThat(cluster.moves).isZero();
    }
  }

  @Test
  void anEmptyDirHomeIsNotLost() {
    cluster.session =
        ClusterStates.session(false, false, ReclaimPolicy.DELETE, cluster.session.status());
    cluster.node = Optional.of(CORDONED);
    settle();
    assertThat(draining().map(Condition::message).orElseThrow())
        .endsWith("its home is not persistent and would be lost");
    cluster.now = cluster.now.plus(Duration.ofHours(1));
    settle();
    assertThat(cluster.moves).isZero();
  }

  @Test
  void anEvictionIsShownAsAMove() {
    cluster.node = Optional.of(CORDONED);
    settle();
    cluster.objects.computeIfPresent(ResourceType.POD, SimulatedCluster::deleting);
    cluster.apply(cluster.plan());
    assertThat(NodeDrain.isMoving(cluster.session)).isTrue();
    assertThat(phase()).contains(Phase.PENDING);
  }

  @Test
  void aNodeThatIsUnknownChangesNothing() {
    cluster.node = Optional.of(CORDONED);
    settle();
    Condition before = draining().orElseThrow();
    cluster.node = Optional.empty();
    cluster.now = cluster.now.plus(Duration.ofHours(1));
    settle();
    assertThat(draining()).contains(before);
    assertThat(cluster.moves).isZero();
  }

  @Test
  void aSuspendedSessionIsNotDraining() {
    cluster.node = Optional.of(CORDONED);
    settle();
    cluster.changeSpec(true, ReclaimPolicy.DELETE);
    settle();
    assertThat(phase()).contains(Phase.SUSPENDED);
    assertThat(draining()).isEmpty();
  }

  @Test
  void anAnnouncementThatIsNoTimeIsReplaced() {
    cluster.node = Optional.of(CORDONED);
    settle();
    cluster.annotate(ResourceType.POD, Annotations.DRAIN_DEADLINE, "soon");
    settle();
    assertThat(NodeDrain.deadline(pod())).contains(cluster.now.plus(Duration.ofMinutes(10)));
  }

  private void settle() {
    var now = cluster.now;
    for (int round = 0; round < 8; round++) {
      cluster.apply(cluster.plan());
      cluster.advance();
      cluster.now = now;
    }
    assertThat(cluster.plan().steps()).isEmpty();
  }

  private Optional<Phase> phase() {
    return cluster.session.status().currentPhase();
  }

  private Optional<Condition> draining() {
    return cluster.session.status().condition(Condition.NODE_DRAINING);
  }

  private Pod pod() {
    return (Pod) cluster.objects.get(ResourceType.POD);
  }

  private String uid(ResourceType<?> type) {
    return cluster.objects.get(type).metadata().uid();
  }
}
