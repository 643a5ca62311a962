package io.vdi.operator.controller.session.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Condition;
import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.DesiredStateCache;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@link SimulatedCluster} itself fails when a foreign object is changed or a home is deleted. */
class SessionPlannerProperties {
  private static final int ROUNDS = 12;

  @Provide
  Arbitrary<SimulatedCluster> mixed() {
    return ClusterStates.any(true);
  }

  @Provide
  Arbitrary<SimulatedCluster> withoutForeign() {
    return ClusterStates.any(false);
  }

  @Property
  void everyStateReachesAFixedPoint(@ForAll("mixed") SimulatedCluster cluster) {
    int rounds = settle(cluster);
    assertThat(rounds)
        .as("rounds until settled: %s", cluster.observe())
        .isLessThanOrEqualTo(ROUNDS);
    if (!cluster.sessionDeleted) {
      Plan again = cluster.plan();
      assertThat(again.steps()).as("steps of the plan after the last").isEmpty();
      assertThat(again.status().orElse(cluster.session.status()))
          .isEqualTo(cluster.session.status());
    }
  }

  @Property
  void foreignObjectsAreNotChanged(@ForAll("mixed") SimulatedCluster cluster) {
    Map<ResourceType<?>, KubeObject> foreign = new HashMap<>();
    cluster.objects.forEach((type, object) -> {
      if (Ownership.of(type, object.metadata(), cluster.session) == Ownership.FOREIGN) {
        foreign.put(type, object);
      }
    });
    settle(cluster);
    foreign.forEach(
        (type, object) -> assertThat(cluster.objects.get(type)).as(type.kind()).isSameAs(object));
  }

  @Property
  void aForeignObjectFailsTheSessionAndIsNamed(@ForAll("mixed") SimulatedCluster cluster) {
    boolean nameTaken =
        cluster.objects.entrySet().stream()
            .filter(e -> !ChildKind.of(e.getKey()).orElseThrow().isOptional())
            .anyMatch(e ->
                Ownership.of(e.getKey(), e.getValue().metadata(), cluster.session)
                    == Ownership.FOREIGN);
    if (nameTaken && cluster.template.isPresent() && !cluster.session.metadata().isDeleting()) {
      VdiSession.Status status = cluster.plan().status().orElseThrow();
      assertThat(status.phase()).isEqualTo(Phase.FAILED);
      assertThat(status.message()).endsWith("exists and is not owned by this session");
    }
  }

  /**
   * {@link SimulatedCluster} fails when access is given to a foreign Secret or by a foreign Role.
   */
  @Property
  void aForeignRoleOrRoleBindingIsReportedAndPreventsNothing(
      @ForAll("withoutForeign") SimulatedCluster cluster, @ForAll boolean role) {
    cluster.template = Optional.of(ClusterStates.template());
    ResourceType<?> type = role ? ResourceType.ROLE : ResourceType.ROLE_BINDING;
    KubeObject foreign = ClusterStates.foreign(type, "vdi-auth-desk");
    cluster.objects.put(type, foreign);
    settle(cluster);
    assertThat(cluster.objects.get(type)).isSameAs(foreign);
    if (cluster.session.metadata().isDeleting()) {
      assertThat(cluster.sessionDeleted).isTrue();
      return;
    }
    if (role) {
      assertThat(cluster.objects).doesNotContainKey(ResourceType.ROLE_BINDING);
    }
    VdiSession.Status status = cluster.session.status();
    assertThat(status.phase())
        .isEqualTo(cluster.session.spec().suspended() ? Phase.SUSPENDED : Phase.RUNNING);
    assertThat(status.condition(Condition.ACCESS_READY).orElseThrow().message())
        .isEqualTo(type.kind() + " vdi-auth-desk exists and is not owned by this session");
  }

  @Property
  void accessIsTakenAwayWhenItIsSwitchedOffOrNoUserIsKnown(
      @ForAll("withoutForeign") SimulatedCluster cluster, @ForAll boolean switchedOff) {
    cluster.template = Optional.of(ClusterStates.template());
    settle(cluster);
    SessionConfig before = cluster.config;
    cluster.config =
        new SessionConfig(
            before.domain(),
            before.ingress(),
            before.tls(),
            before.turn(),
            before.network(),
            switchedOff
                ? Optional.empty()
                : Optional.of(new IdentityMapping(Map.of(), "email", "")),
            Optional.empty());
    settle(cluster);
    if (!cluster.session.metadata().isDeleting()) {
      assertThat(cluster.objects).doesNotContainKeys(ResourceType.ROLE, ResourceType.ROLE_BINDING);
      assertThat(cluster.session.status().condition(Condition.ACCESS_READY).isPresent())
          .isEqualTo(!switchedOff);
    }
  }

  @Property
  void anUnreadableRoleIsReportedAndPreventsNothing(
      @ForAll("withoutForeign") SimulatedCluster cluster) {
    cluster.template = Optional.of(ClusterStates.template());
    cluster.objects.remove(ResourceType.ROLE);
    cluster.objects.remove(ResourceType.ROLE_BINDING);
    cluster.accessKnown = false;
    settle(cluster);
    assertThat(cluster.objects).doesNotContainKeys(ResourceType.ROLE, ResourceType.ROLE_BINDING);
    if (!cluster.session.metadata().isDeleting()) {
      assertThat(cluster.session.status().phase())
          .isEqualTo(cluster.session.spec().suspended() ? Phase.SUSPENDED : Phase.RUNNING);
      assertThat(cluster.session.status().condition(Condition.ACCESS_READY).orElseThrow().reason())
          .isEqualTo("NotWatched");
    }
  }

  @Property
  void aHealthySessionReachesThePhaseThatItsSpecRequests(
      @ForAll("withoutForeign") SimulatedCluster cluster) {
    settle(cluster);
    if (cluster.session.metadata().isDeleting()) {
      assertThat(cluster.sessionDeleted).as("finalizer removed").isTrue();
      assertThat(cluster.objects).doesNotContainKeys(ResourceType.POD, ResourceType.INGRESS_ROUTE);
    } else if (cluster.template.isPresent()) {
      Phase expected = cluster.session.spec().suspended() ? Phase.SUSPENDED : Phase.RUNNING;
      assertThat(cluster.session.status().phase())
          .as(cluster.session.status().message())
          .isEqualTo(expected);
    }
  }

  @Property
  void aSessionIsDeletedAlsoWhileTheNodeOfItsPodIsLost(
      @ForAll("withoutForeign") SimulatedCluster cluster) {
    cluster.node = Optional.of(ClusterStates.node(false, cluster.now));
    cluster.delete(Map.of());
    settle(cluster);
    cluster.now = cluster.now.plusSeconds(60);
    settle(cluster);
    assertThat(cluster.sessionDeleted).as("finalizer removed").isTrue();
  }

  @Property
  void theSameStateGivesTheSamePlanAlsoFromRememberedHashes(
      @ForAll("mixed") SimulatedCluster cluster) {
    Plan plan = cluster.plan();
    assertThat(cluster.plan()).isEqualTo(plan);
    DesiredStateCache cache = new DesiredStateCache();
    for (int i = 0; i < 2; i++) {
      ObservedSession observed = cluster.observe();
      assertThat(
              SessionPlanner.plan(
                  observed, cache.of(observed, cluster.config), cluster.config, cluster.now))
          .isEqualTo(plan);
    }
  }

  @Property
  void aPodIsCreatedExactlyWhenTheSessionWantsOneAndTheQuotasAdmitIt(
      @ForAll("mixed") SimulatedCluster cluster) {
    boolean wanted = SessionPlanner.wantsPod(cluster.observe(), cluster.desired(), cluster.now);
    assertThat(cluster.plan().createsPod()).isEqualTo(wanted);
    cluster.quotaWait = Optional.of(new QuotaWait("GPU quota exceeded", cluster.now));
    assertThat(cluster.plan().createsPod()).isFalse();
  }

  @Property
  void theFinalizerIsAddedBeforeTheFirstCreation(@ForAll("mixed") SimulatedCluster cluster) {
    Plan plan = cluster.plan();
    boolean creates =
        plan.steps().stream()
            .map(Step::action)
            .anyMatch(action ->
                action instanceof Action.Create
                    || action instanceof Action.CreateSecret
                    || action instanceof Action.CreatePod);
    if (creates && !cluster.session.metadata().finalizers().contains(VdiSession.FINALIZER)) {
      assertThat(plan.actions(Step.Order.FINALIZER))
          .containsExactly(new Action.AddFinalizer(cluster.session));
      assertThat(plan.steps())
          .filteredOn(step -> step.order().compareTo(Step.Order.FINALIZER) < 0)
          .as("steps before the finalizer")
          .allMatch(step ->
              step.action() instanceof Action.Delete || step.action() instanceof Action.ReplacePod);
    }
  }

  @Property
  void aRetainedHomeHasNoOwnerAndIsForeignToAnotherUser(
      @ForAll("withoutForeign") SimulatedCluster ignored) {
    VdiSession mine =
        ClusterStates.session(false, true, ReclaimPolicy.RETAIN, VdiSession.Status.EMPTY);
    SimulatedCluster fresh = new SimulatedCluster();
    fresh.session = mine;
    fresh.template = Optional.of(ClusterStates.template());
    settle(fresh);
    KubeObject home = fresh.objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM);
    assertThat(home.metadata().ownerReferences()).isEmpty();
    VdiSession eve =
        new VdiSession(
            mine.metadata(),
            new VdiSession.Spec(
                "eve@example.com",
                "ubuntu",
                null,
                mine.spec().persistence(),
                null,
                null,
                null,
                false),
            VdiSession.Status.EMPTY);
    assertThat(Ownership.of(ResourceType.PERSISTENT_VOLUME_CLAIM, home.metadata(), eve))
        .isEqualTo(Ownership.FOREIGN);
    assertThat(Ownership.of(ResourceType.PERSISTENT_VOLUME_CLAIM, home.metadata(), mine))
        .isEqualTo(Ownership.OWNERLESS);
  }

  private static int settle(SimulatedCluster cluster) {
    int quiet = 0;
    int rounds = 0;
    while (quiet < 2 && rounds <= ROUNDS && !cluster.sessionDeleted) {
      Map<ResourceType<?>, KubeObject> before = new HashMap<>(cluster.objects);
      int writes = cluster.apply(cluster.plan());
      cluster.advance();
      boolean changed = writes > 0 || !before.equals(cluster.objects);
      quiet = changed ? 0 : quiet + 1;
      rounds++;
    }
    return rounds;
  }
}
