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
import io.vdi.operator.controller.session.plan.SimulatedCluster.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Histories of a node, while writes fail and the controller crashes. The state is only in the
 * cluster, so every pass is also that of a new leader. {@link SimulatedCluster} fails when a pod is
 * stopped whose node is not drained, or a home is deleted.
 */
class NodeDrainProperties {
  private static final Duration GRACE = Duration.ofMinutes(10);
  private static final Node HEALTHY = ClusterStates.readyNode("");
  private static final Node CORDONED = ClusterStates.readyNode("unschedulable: true");
  private static final Node REMOVED =
      ClusterStates.readyNode("taints: [{key: 'karpenter.sh/disrupted', effect: NoSchedule}]");

  private enum Change {
    CORDON,
    UNCORDON,
    REMOVAL,
    NODE_UNKNOWN,
    NOWHERE_TO_GO,
    ANOTHER_NODE,
    EVICTION,
    SUSPEND,
    RESUME,
    GRACE_OFF,
    GRACE_ON,
    SECOND,
    MINUTES,
    HOUR,
    CLOCK_BACK
  }

  @Provide
  Arbitrary<List<Change>> history() {
    return Arbitraries.of(Change.values()).list().ofMinSize(1).ofMaxSize(14);
  }

  @Property
  void noDesktopStopsBeforeItsAnnouncedDeadline(
      @ForAll("history") List<Change> history, @ForAll Random random) {
    SimulatedCluster cluster = running();
    String home = uid(cluster, ResourceType.PERSISTENT_VOLUME_CLAIM);
    Instant announced = Instant.MAX;
    String announcedPod = "";
    for (Change change : history) {
      change(cluster, change);
      for (int pass = 0; pass < 3; pass++) {
        int moves = cluster.moves;
        cluster.apply(cluster.plan(), step -> atRandom(random));
        if (cluster.moves > moves) {
          assertThat(uid(cluster, ResourceType.POD)).isEqualTo(announcedPod);
          assertThat(Duration.between(announced, cluster.now)).isGreaterThanOrEqualTo(GRACE);
          assertThat(cluster.drainCheck).isInstanceOf(DrainCheck.Movable.class);
          assertThat(cluster.session.spec().suspended()).isFalse();
        }
        Optional<Pod> pod = pod(cluster);
        boolean hasDeadline = pod.flatMap(NodeDrain::deadline).isPresent();
        if (!hasDeadline) {
          announcedPod = "";
        } else if (!announcedPod.equals(pod.get().uid())) {
          announcedPod = pod.get().uid();
          announced = cluster.now;
        }
        boolean leaving = pod.filter(found -> found.metadata().isDeleting()).isPresent();
        cluster.advance();
        if (leaving && pod(cluster).isEmpty()) {
          // The scheduler finds another node.
          cluster.node = Optional.of(HEALTHY);
        }
      }
    }
    assertThat(uid(cluster, ResourceType.PERSISTENT_VOLUME_CLAIM)).isEqualTo(home);
  }

  @Property
  void afterAnUncordonTheDesktopRunsAsIfNothingHadHappened(
      @ForAll("history") List<Change> history, @ForAll Random random) {
    SimulatedCluster cluster = running();
    for (Change change : history) {
      change(cluster, change);
      cluster.apply(cluster.plan(), step -> atRandom(random));
      cluster.advance();
    }
    change(cluster, Change.RESUME);
    cluster.node = Optional.of(HEALTHY);
    settle(cluster);
    assertThat(cluster.session.status().currentPhase()).contains(Phase.RUNNING);
    assertThat(cluster.session.status().condition(Condition.NODE_DRAINING)).isEmpty();
    assertThat(pod(cluster).orElseThrow().metadata().annotation(Annotations.DRAIN_DEADLINE))
        .isEmpty();
    assertThat(cluster.plan().steps()).isEmpty();
  }

  @Property
  void aDesktopOnADrainedNodeMovesIfAnotherNodeCanRunIt(
      @ForAll("history") List<Change> history, @ForAll Random random) {
    SimulatedCluster cluster = running();
    for (Change change : history) {
      change(cluster, change);
      cluster.apply(cluster.plan(), step -> atRandom(random));
      cluster.advance();
    }
    change(cluster, Change.RESUME);
    change(cluster, Change.GRACE_ON);
    change(cluster, Change.ANOTHER_NODE);
    cluster.node = Optional.of(HEALTHY);
    settle(cluster);
    int moves = cluster.moves;
    String pod = uid(cluster, ResourceType.POD);
    cluster.node = Optional.of(random.nextBoolean() ? CORDONED : REMOVED);
    settle(cluster);
    assertThat(uid(cluster, ResourceType.POD)).isEqualTo(pod);
    cluster.now = cluster.now.plus(GRACE);
    cluster.apply(cluster.plan());
    assertThat(cluster.moves).isEqualTo(moves + 1);
    cluster.apply(cluster.plan());
    assertThat(NodeDrain.isMoving(cluster.session)).isTrue();
    cluster.advance();
    cluster.node = Optional.of(HEALTHY);
    settle(cluster);
    assertThat(uid(cluster, ResourceType.POD)).isNotEqualTo(pod);
    assertThat(cluster.session.status().currentPhase()).contains(Phase.RUNNING);
  }

  private static SimulatedCluster running() {
    SimulatedCluster cluster = new SimulatedCluster();
    cluster.session =
        ClusterStates.session(false, true, ReclaimPolicy.DELETE, VdiSession.Status.EMPTY);
    cluster.node = Optional.of(HEALTHY);
    change(cluster, Change.GRACE_ON);
    settle(cluster);
    return cluster;
  }

  private static void change(SimulatedCluster cluster, Change change) {
    switch (change) {
      case CORDON -> cluster.node = Optional.of(CORDONED);
      case UNCORDON -> cluster.node = Optional.of(HEALTHY);
      case REMOVAL -> cluster.node = Optional.of(REMOVED);
      case NODE_UNKNOWN -> cluster.node = Optional.empty();
      case NOWHERE_TO_GO -> cluster.drainCheck = new DrainCheck.Fixed("no other node can run it");
      case ANOTHER_NODE -> cluster.drainCheck = new DrainCheck.Movable();
      case EVICTION ->
          cluster.objects.computeIfPresent(ResourceType.POD, SimulatedCluster::deleting);
      case SUSPEND -> cluster.changeSpec(true, ReclaimPolicy.DELETE);
      case RESUME -> cluster.changeSpec(false, ReclaimPolicy.DELETE);
      case GRACE_OFF -> cluster.template = Optional.of(ClusterStates.template("drainGrace: 0s"));
      case GRACE_ON -> cluster.template = Optional.of(ClusterStates.template("drainGrace: 10m"));
      case SECOND -> cluster.now = cluster.now.plusSeconds(1);
      case MINUTES -> cluster.now = cluster.now.plus(Duration.ofMinutes(4));
      case HOUR -> cluster.now = cluster.now.plus(Duration.ofHours(1));
      case CLOCK_BACK -> cluster.now = cluster.now.minus(Duration.ofHours(2));
    }
  }

  private static Outcome atRandom(Random random) {
    return switch (random.nextInt(12)) {
      case 0, 1 -> Outcome.REFUSED;
      case 2, 3 -> Outcome.RETRIED;
      case 4 -> Outcome.CRASH;
      default -> Outcome.DONE;
    };
  }

  private static void settle(SimulatedCluster cluster) {
    for (int round = 0; round < 12; round++) {
      cluster.apply(cluster.plan());
      cluster.advance();
    }
  }

  private static Optional<Pod> pod(SimulatedCluster cluster) {
    return Optional.ofNullable((Pod) cluster.objects.get(ResourceType.POD));
  }

  private static String uid(SimulatedCluster cluster, ResourceType<?> type) {
    return Optional.ofNullable(cluster.objects.get(type))
        .map(object -> object.metadata().uid())
        .orElse("");
  }
}
