package io.vdi.operator.controller.session.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.model.KubeObject;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.DesiredStateCache;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@link SimulatedCluster} itself throws when something foreign is touched or a home deleted. */
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

  @Property(tries = 5000)
  void everyStateReachesAFixedPoint(@ForAll("mixed") SimulatedCluster world) {
    int rounds = settle(world);
    assertTrue(rounds <= ROUNDS, "not settled after " + rounds + " rounds: " + world.observe());
    if (!world.sessionGone) {
      Plan again = SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now);
      assertTrue(again.isEmpty(), "the plan after the last is not empty: " + again);
      assertEquals(again.status().orElse(world.session.status()), world.session.status());
    }
  }

  @Property(tries = 5000)
  void whatIsForeignStaysAsItIs(@ForAll("mixed") SimulatedCluster world) {
    Map<ResourceType<?>, KubeObject> foreign = new HashMap<>();
    world.objects.forEach((kind, object) -> {
      if (Ownership.of(kind, object.metadata(), world.session) == Ownership.FOREIGN) {
        foreign.put(kind, object);
      }
    });
    settle(world);
    foreign.forEach((kind, object) -> assertSame(object, world.objects.get(kind), kind.kind()));
  }

  @Property(tries = 2000)
  void aForeignObjectInTheWayFailsTheSessionByName(@ForAll("mixed") SimulatedCluster world) {
    boolean inTheWay =
        world.objects.entrySet().stream()
            .anyMatch(e ->
                Ownership.of(e.getKey(), e.getValue().metadata(), world.session)
                    == Ownership.FOREIGN);
    if (inTheWay && world.template.isPresent() && !world.session.metadata().isDeleting()) {
      VdiSession.Status status =
          SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now)
              .status()
              .orElseThrow();
      assertEquals(Phase.FAILED, status.phase());
      assertTrue(status.message().endsWith("exists and is not owned by this session"));
    }
  }

  @Property(tries = 3000)
  void aHealthySessionEndsInThePhaseThatItsSpecAsksFor(
      @ForAll("withoutForeign") SimulatedCluster world) {
    boolean finished = world.objects.get(ResourceType.POD) instanceof Pod pod && pod.isFinished();
    settle(world);
    if (world.session.metadata().isDeleting()) {
      assertTrue(world.sessionGone);
      assertTrue(!world.objects.containsKey(ResourceType.POD));
      assertTrue(!world.objects.containsKey(ResourceType.INGRESS_ROUTE));
    } else if (world.template.isPresent()) {
      Phase expected =
          world.session.spec().suspended()
              ? Phase.SUSPENDED
              : finished ? Phase.FAILED : Phase.RUNNING;
      assertEquals(expected, world.session.status().phase(), world.session.status().message());
    }
  }

  @Property(tries = 2000)
  void aSecondPlanOfTheSameStateIsTheSame(@ForAll("mixed") SimulatedCluster world) {
    assertEquals(
        SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now),
        SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now));
    DesiredStateCache blueprints = new DesiredStateCache();
    for (int i = 0; i < 2; i++) {
      assertEquals(
          SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now),
          SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, blueprints::of, world.now));
    }
  }

  @Property(tries = 1000)
  void theFinalizerComesBeforeEverythingElse(@ForAll("mixed") SimulatedCluster world) {
    Plan plan = SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now);
    if (!world.session.metadata().finalizers().contains(VdiSession.FINALIZER)
        && plan.stages().stream().flatMap(List::stream).anyMatch(Action.Create.class::isInstance)) {
      assertEquals(List.of(new Action.AddFinalizer(world.session)), plan.stages().getFirst());
    }
  }

  @Property(tries = 1000)
  void aRetainedHomeCarriesNoOwnerAndAnotherUsersIsRefused(
      @ForAll("withoutForeign") SimulatedCluster world) {
    VdiSession mine =
        ClusterStates.session(false, true, ReclaimPolicy.RETAIN, VdiSession.Status.EMPTY);
    SimulatedCluster fresh = new SimulatedCluster();
    fresh.session = mine;
    fresh.template = Optional.of(ClusterStates.template());
    settle(fresh);
    KubeObject home = fresh.objects.get(ResourceType.PERSISTENT_VOLUME_CLAIM);
    assertTrue(home.metadata().ownerReferences().isEmpty());
    VdiSession eve =
        new VdiSession(
            mine.metadata(),
            new VdiSession.Spec(
                "eve@example.com", "ubuntu", null, mine.spec().persistence(), null, null, false),
            VdiSession.Status.EMPTY);
    assertEquals(
        Ownership.FOREIGN,
        Ownership.of(ResourceType.PERSISTENT_VOLUME_CLAIM, home.metadata(), eve));
    assertEquals(
        Ownership.OURS, Ownership.of(ResourceType.PERSISTENT_VOLUME_CLAIM, home.metadata(), mine));
  }

  private static int settle(SimulatedCluster world) {
    int quiet = 0;
    int rounds = 0;
    while (quiet < 2 && rounds <= ROUNDS && !world.sessionGone) {
      Map<ResourceType<?>, KubeObject> before = new HashMap<>(world.objects);
      int writes =
          world.apply(SessionPlanner.plan(world.observe(), ClusterStates.SETTINGS, world.now));
      world.live();
      boolean changed = writes > 0 || !before.equals(world.objects);
      quiet = changed ? 0 : quiet + 1;
      rounds++;
    }
    return rounds;
  }
}
