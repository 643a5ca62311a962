package io.vdi.operator.controller.session.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.plan.SimulatedCluster.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/**
 * The invariants of docs/specification.md, section 0, while the API server refuses writes at
 * random, the controller crashes after writes, pods end and users change the session. {@link
 * SimulatedCluster} fails when a foreign object is changed, a home is deleted, or a finalizer is
 * removed while a home that must stay still has its owner.
 */
class PerturbationProperties {
  private static final int ROUNDS = 40;

  /** Changes of a session by its user, and of its pod by the node. */
  private enum Change {
    SUSPEND,
    RESUME,
    RETAIN,
    DELETE_POLICY,
    POD_ENDS,
    POD_DELETED,
    SECRET_DELETED,
    SERVICE_DELETED,
    ROLE_DELETED,
    ROLE_REPLACED_BY_FOREIGN,
    FOREIGN_ROLE_DELETED,
    OWNERS_LOST
  }

  @Provide
  Arbitrary<SimulatedCluster> withoutForeign() {
    return ClusterStates.any(false);
  }

  @Provide
  Arbitrary<List<Change>> history() {
    return Arbitraries.of(Change.values()).list().ofMinSize(1).ofMaxSize(8);
  }

  @Property
  void whateverFailsTheSessionEndsAsAFreshOneOfTheSameSpec(
      @ForAll("withoutForeign") SimulatedCluster cluster,
      @ForAll("history") List<Change> history,
      @ForAll Random random) {
    cluster.template = Optional.of(ClusterStates.template());
    for (Change change : history) {
      change(cluster, change);
      for (int round = 0; round < 3 && !cluster.sessionDeleted; round++) {
        cluster.apply(cluster.plan(), step -> atRandom(random));
        cluster.advance();
      }
    }
    deleteForeignRole(cluster);
    settle(cluster, step -> Outcome.DONE);
    if (cluster.session.metadata().isDeleting()) {
      assertThat(cluster.sessionDeleted).as("finalizer removed").isTrue();
      return;
    }
    SimulatedCluster fresh = new SimulatedCluster();
    fresh.session =
        new VdiSession(
            ClusterStates.meta(
                "desk", SimulatedCluster.SESSION_UID, Optional.empty(), Map.of(), false),
            cluster.session.spec(),
            VdiSession.Status.EMPTY);
    fresh.template = cluster.template;
    fresh.routeTypeServed = cluster.routeTypeServed;
    settle(fresh, step -> Outcome.DONE);
    assertThat(cluster.session.status().phase())
        .as(cluster.session.status().message())
        .isEqualTo(fresh.session.status().phase());
    // A desktop that runs keeps its pod until the next resume.
    Map<ResourceType<?>, String> expected = hashes(fresh);
    expected.remove(ResourceType.POD);
    assertThat(hashes(cluster)).containsAllEntriesOf(expected);
    assertThat(owners(cluster)).containsAllEntriesOf(owners(fresh));
  }

  /** Invariant 2: required before optional, stopping before starting. */
  @Property
  void refusedOptionalWritesPreventNothing(
      @ForAll("withoutForeign") SimulatedCluster cluster, @ForAll Outcome outcome) {
    cluster.template = Optional.of(ClusterStates.template());
    Outcome failure = outcome == Outcome.DONE ? Outcome.REFUSED : outcome;
    settle(cluster, step -> isOptional(step.order()) ? failure : Outcome.DONE);
    if (cluster.session.metadata().isDeleting()) {
      assertThat(cluster.sessionDeleted).as("finalizer removed").isTrue();
    } else {
      assertThat(cluster.session.status().phase())
          .isEqualTo(cluster.session.spec().suspended() ? Phase.SUSPENDED : Phase.RUNNING);
    }
  }

  @Property
  void aSessionIsStoppedAlsoIfEveryOtherWriteIsRefused(
      @ForAll("withoutForeign") SimulatedCluster cluster, @ForAll boolean template) {
    cluster.template = template ? Optional.of(ClusterStates.template()) : Optional.empty();
    if (!cluster.session.metadata().isDeleting()) {
      change(cluster, Change.SUSPEND);
    }
    settle(cluster, step -> step.order() == Step.Order.STOP ? Outcome.DONE : Outcome.REFUSED);
    assertThat(cluster.objects).doesNotContainKey(ResourceType.POD);
  }

  /** Invariant 1, with the garbage collector as the last word: it deletes an owned home. */
  @Property
  void aHomeSurvivesUnlessAPersonDeletesItsSessionWithReclaimPolicyDelete(
      @ForAll("withoutForeign") SimulatedCluster cluster,
      @ForAll("history") List<Change> history,
      @ForAll ReclaimPolicy policy,
      @ForAll boolean byReaper,
      @ForAll Random random,
      @ForAll @IntRange(min = 0, max = 3) int passesBefore) {
    cluster.template = Optional.of(ClusterStates.template());
    cluster.session = ClusterStates.session(false, true, policy, cluster.session.status());
    for (Change change : history) {
      if (change != Change.RETAIN && change != Change.DELETE_POLICY) {
        change(cluster, change);
      }
      for (int pass = 0; pass < passesBefore; pass++) {
        cluster.apply(cluster.plan(), step -> atRandom(random));
        cluster.advance();
      }
    }
    boolean hadHome =
        Optional.ofNullable(cluster.objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM))
            .filter(home -> !home.metadata().isDeleting())
            .map(home -> ChildState.of(ResourceType.PERSISTENT_VOLUME_CLAIM, home, cluster.session))
            .filter(ChildState::isOurs)
            .isPresent();
    cluster.delete(byReaper ? Map.of(Annotations.ENDED_BY, "timeout") : Map.of());
    for (int round = 0; round < ROUNDS && !cluster.sessionDeleted; round++) {
      cluster.apply(cluster.plan(), step -> atRandom(random));
      cluster.advance();
    }
    settle(cluster, step -> Outcome.DONE);
    assertThat(cluster.sessionDeleted).isTrue();
    if (hadHome && (byReaper || policy == ReclaimPolicy.RETAIN)) {
      assertThat(
              cluster
                  .objects
                  .get(ResourceType.PERSISTENT_VOLUME_CLAIM)
                  .metadata()
                  .ownerReferences())
          .isEmpty();
    }
  }

  private static boolean isOptional(Step.Order order) {
    return switch (order) {
      case GUARD, OPTIONAL, ACCESS, GRANT -> true;
      case STOP, FINALIZER, DEPENDENCY, POD, RELEASE -> false;
    };
  }

  private static Outcome atRandom(Random random) {
    return switch (random.nextInt(12)) {
      case 0, 1 -> Outcome.REFUSED;
      case 2, 3 -> Outcome.RETRIED;
      case 4 -> Outcome.CRASH;
      default -> Outcome.DONE;
    };
  }

  private static void change(SimulatedCluster cluster, Change change) {
    switch (change) {
      case SUSPEND -> cluster.changeSpec(true, reclaimPolicy(cluster));
      case RESUME -> cluster.changeSpec(false, reclaimPolicy(cluster));
      case RETAIN -> cluster.changeSpec(cluster.session.spec().suspended(), ReclaimPolicy.RETAIN);
      case DELETE_POLICY ->
          cluster.changeSpec(cluster.session.spec().suspended(), ReclaimPolicy.DELETE);
      case POD_ENDS ->
          cluster.objects.computeIfPresent(
              ResourceType.POD,
              (type, pod) ->
                  new Pod(
                      pod.metadata(),
                      new Pod.Spec("node", null),
                      new Pod.Status("Failed", "Evicted", "", null, null, null, null)));
      case POD_DELETED -> cluster.objects.remove(ResourceType.POD);
      case SECRET_DELETED -> cluster.objects.remove(ResourceType.SECRET);
      case SERVICE_DELETED -> cluster.objects.remove(ResourceType.SERVICE);
      case ROLE_DELETED -> cluster.objects.remove(ResourceType.ROLE);
      case ROLE_REPLACED_BY_FOREIGN ->
          cluster.objects.put(
              ResourceType.ROLE, ClusterStates.foreign(ResourceType.ROLE, "vdi-auth-desk"));
      case FOREIGN_ROLE_DELETED -> deleteForeignRole(cluster);
      case OWNERS_LOST -> cluster.removeOwners();
    }
  }

  private static void deleteForeignRole(SimulatedCluster cluster) {
    cluster.objects.computeIfPresent(
        ResourceType.ROLE,
        (type, role) -> ChildState.of(type, role, cluster.session).isForeign() ? null : role);
  }

  private static ReclaimPolicy reclaimPolicy(SimulatedCluster cluster) {
    return cluster.session.spec().persistence().reclaimPolicy();
  }

  private static void settle(SimulatedCluster cluster, Function<Step, Outcome> outcomes) {
    for (int round = 0; round < ROUNDS && !cluster.sessionDeleted; round++) {
      cluster.apply(cluster.plan(), outcomes);
      cluster.advance();
    }
  }

  private static Map<ResourceType<?>, String> hashes(SimulatedCluster cluster) {
    Map<ResourceType<?>, String> hashes = new HashMap<>();
    cluster.objects.forEach((type, object) ->
        hashes.put(type, object.metadata().annotation(Annotations.DESIRED_HASH).orElse("none")));
    return hashes;
  }

  private static Map<ResourceType<?>, Boolean> owners(SimulatedCluster cluster) {
    Map<ResourceType<?>, Boolean> owners = new HashMap<>();
    cluster.objects.forEach((type, object) ->
        owners.put(type, object.metadata().isControlledBy(SimulatedCluster.SESSION_UID)));
    return owners;
  }
}
