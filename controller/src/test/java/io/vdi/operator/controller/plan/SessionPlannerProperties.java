package io.vdi.operator.controller.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.kube.Kind;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.Resource;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.objects.Blueprints;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@link World} itself throws when something foreign is touched or a home deleted. */
class SessionPlannerProperties {
  private static final int ROUNDS = 12;

  @Provide
  Arbitrary<World> mixed() {
    return Worlds.any(true);
  }

  @Provide
  Arbitrary<World> withoutForeign() {
    return Worlds.any(false);
  }

  @Property(tries = 5000)
  void everyStateReachesAFixedPoint(@ForAll("mixed") World world) {
    int rounds = settle(world);
    assertTrue(rounds <= ROUNDS, "not settled after " + rounds + " rounds: " + world.observe());
    if (!world.sessionGone) {
      Plan again = SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now);
      assertTrue(again.isEmpty(), "the plan after the last is not empty: " + again);
      assertEquals(again.status().orElse(world.session.status()), world.session.status());
    }
  }

  @Property(tries = 5000)
  void whatIsForeignStaysAsItIs(@ForAll("mixed") World world) {
    Map<Kind<?>, Resource> foreign = new HashMap<>();
    world.objects.forEach((kind, object) -> {
      if (Ownership.of(kind, object.metadata(), world.session) == Ownership.FOREIGN) {
        foreign.put(kind, object);
      }
    });
    settle(world);
    foreign.forEach((kind, object) -> assertSame(object, world.objects.get(kind), kind.name()));
  }

  @Property(tries = 2000)
  void aForeignObjectInTheWayFailsTheSessionByName(@ForAll("mixed") World world) {
    boolean inTheWay =
        world.objects.entrySet().stream()
            .anyMatch(e ->
                Ownership.of(e.getKey(), e.getValue().metadata(), world.session)
                    == Ownership.FOREIGN);
    if (inTheWay && world.template.isPresent() && !world.session.metadata().deleting()) {
      VdiSession.Status status =
          SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now).status().orElseThrow();
      assertEquals(Phase.FAILED, status.phase());
      assertTrue(status.message().endsWith("exists and is not owned by this session"));
    }
  }

  @Property(tries = 3000)
  void aHealthySessionEndsInThePhaseThatItsSpecAsksFor(@ForAll("withoutForeign") World world) {
    boolean finished = world.objects.get(Kind.POD) instanceof Pod pod && pod.isFinished();
    settle(world);
    if (world.session.metadata().deleting()) {
      assertTrue(world.sessionGone);
      assertTrue(!world.objects.containsKey(Kind.POD));
      assertTrue(!world.objects.containsKey(Kind.INGRESS_ROUTE));
    } else if (world.template.isPresent()) {
      Phase expected =
          world.session.spec().suspended()
              ? Phase.SUSPENDED
              : finished ? Phase.FAILED : Phase.RUNNING;
      assertEquals(expected, world.session.status().phase(), world.session.status().message());
    }
  }

  @Property(tries = 2000)
  void aSecondPlanOfTheSameStateIsTheSame(@ForAll("mixed") World world) {
    assertEquals(
        SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now),
        SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now));
    Blueprints blueprints = new Blueprints();
    for (int i = 0; i < 2; i++) {
      assertEquals(
          SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now),
          SessionPlanner.plan(world.observe(), Worlds.SETTINGS, blueprints::of, world.now));
    }
  }

  @Property(tries = 1000)
  void theFinalizerComesBeforeEverythingElse(@ForAll("mixed") World world) {
    Plan plan = SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now);
    if (!world.session.metadata().finalizers().contains(VdiSession.FINALIZER)
        && plan.stages().stream().flatMap(List::stream).anyMatch(Action.Create.class::isInstance)) {
      assertEquals(List.of(new Action.AddFinalizer(world.session)), plan.stages().getFirst());
    }
  }

  @Property(tries = 1000)
  void aRetainedHomeCarriesNoOwnerAndAnotherUsersIsRefused(@ForAll("withoutForeign") World world) {
    VdiSession mine = Worlds.session(false, true, ReclaimPolicy.RETAIN, VdiSession.Status.EMPTY);
    World fresh = new World();
    fresh.session = mine;
    fresh.template = Optional.of(Worlds.template());
    settle(fresh);
    Resource home = fresh.objects.get(Kind.VOLUME_CLAIM);
    assertTrue(home.metadata().ownerReferences().isEmpty());
    VdiSession eve =
        new VdiSession(
            mine.metadata(),
            new VdiSession.Spec(
                "eve@example.com", "ubuntu", null, mine.spec().persistence(), null, null, false),
            VdiSession.Status.EMPTY);
    assertEquals(Ownership.FOREIGN, Ownership.of(Kind.VOLUME_CLAIM, home.metadata(), eve));
    assertEquals(Ownership.OURS, Ownership.of(Kind.VOLUME_CLAIM, home.metadata(), mine));
  }

  private static int settle(World world) {
    int quiet = 0;
    int rounds = 0;
    while (quiet < 2 && rounds <= ROUNDS && !world.sessionGone) {
      Map<Kind<?>, Resource> before = new HashMap<>(world.objects);
      int writes = world.apply(SessionPlanner.plan(world.observe(), Worlds.SETTINGS, world.now));
      world.live();
      boolean changed = writes > 0 || !before.equals(world.objects);
      quiet = changed ? 0 : quiet + 1;
      rounds++;
    }
    return rounds;
  }
}
