package io.vdi.operator.common.quota;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.quota.Line.Seeker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class LineProperties {
  private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

  @Property
  void nobodyGoesOnBeyondALimit(
      @ForAll("quota") Quota quota,
      @ForAll("shares") List<Share> held,
      @ForAll("shares") List<Share> wishes) {
    List<Seeker> seekers = seekers(wishes);
    Map<String, Line.Waiting> waiting = Line.waiting(quota, held, seekers);
    Usage before = Usage.of(held);
    Usage after = Usage.of(held);
    seekers.stream().filter(s -> !waiting.containsKey(s.id())).forEach(s -> after.add(s.share()));
    for (Scope scope : Scope.values()) {
      after
          .all(scope)
          .forEach((name, used) -> {
            Amount limit = quota.limit(scope, name);
            Amount had = before.of(scope, name);
            assertTrue(used.gpus() <= Math.max(limit.gpus(), had.gpus()));
            assertTrue(used.sessions() <= Math.max(limit.sessions(), had.sessions()));
          });
    }
  }

  @Property
  void whoComesFirstInTimeIsFirstAtEachLimit(
      @ForAll("quota") Quota quota,
      @ForAll("shares") List<Share> held,
      @ForAll("shares") List<Share> wishes) {
    List<Seeker> seekers = seekers(wishes);
    Map<String, Line.Waiting> waiting = Line.waiting(quota, held, seekers);
    for (int older = 0; older < seekers.size(); older++) {
      Line.Waiting wait = waiting.get(seekers.get(older).id());
      if (wait == null) {
        continue;
      }
      for (Seeker younger : seekers.subList(older + 1, seekers.size())) {
        for (Excess limit : wait.limits()) {
          boolean sameLimit =
              limit.scope().nameOf(younger.share()).equals(limit.name())
                  && (limit.resource() == Excess.Resource.SESSIONS
                      || younger.share().amount().gpus() > 0);
          assertTrue(!sameLimit || waiting.containsKey(younger.id()), younger + " passed " + limit);
        }
      }
    }
  }

  @Property
  void theFirstIsOnlyKeptByWhatIsHeldAndTheOrderOfTheListIsNothing(
      @ForAll("quota") Quota quota, @ForAll("shares") List<Share> wishes) {
    List<Seeker> seekers = seekers(wishes);
    Map<String, Line.Waiting> waiting = Line.waiting(quota, List.of(), seekers);
    assertEquals(waiting, Line.waiting(quota, List.of(), seekers.reversed()));
    if (!seekers.isEmpty()) {
      boolean fits = quota.exceeded(new Usage(), seekers.getFirst().share()).isEmpty();
      assertEquals(fits, !waiting.containsKey(seekers.getFirst().id()));
    }
  }

  private static List<Seeker> seekers(List<Share> wishes) {
    List<Seeker> seekers = new ArrayList<>();
    for (Share wish : wishes) {
      seekers.add(new Seeker("s" + seekers.size(), wish, START.plusSeconds(seekers.size())));
    }
    return seekers;
  }

  @Provide
  Arbitrary<List<Share>> shares() {
    return Combinators.combine(
            Arbitraries.of("alice", "bob"),
            Arbitraries.of("desks", "labs"),
            Arbitraries.of("small", "large"),
            Arbitraries.longs().between(0, 3))
        .as((user, namespace, template, gpus) ->
            new Share(user, namespace, template, new Amount(1, gpus)))
        .list()
        .ofMaxSize(12);
  }

  @Provide
  Arbitrary<Quota> quota() {
    Arbitrary<Long> number =
        Arbitraries.oneOf(Arbitraries.longs().between(0, 6), Arbitraries.just(Amount.UNLIMITED));
    Arbitrary<Amount> amount = Combinators.combine(number, number).as(Amount::new);
    Arbitrary<Quota.Limits> limits =
        Combinators.combine(amount, amount)
            .as((standard, alices) -> new Quota.Limits(standard, Map.of("alice", alices)));
    return Arbitraries.maps(Arbitraries.of(Scope.class), limits)
        .map(map -> new Quota(Quota.Mode.REJECT, map));
  }
}
