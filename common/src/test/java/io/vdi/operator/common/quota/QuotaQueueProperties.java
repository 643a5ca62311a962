package io.vdi.operator.common.quota;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.quota.QuotaQueue.PendingSession;
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

class QuotaQueueProperties {
  private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

  @Property
  void nobodyGoesOnBeyondALimit(
      @ForAll("quota") QuotaLimits quota,
      @ForAll("shares") List<QuotaRequest> held,
      @ForAll("shares") List<QuotaRequest> wishes) {
    List<PendingSession> seekers = seekers(wishes);
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, held, seekers);
    QuotaUsage before = QuotaUsage.of(held);
    QuotaUsage after = QuotaUsage.of(held);
    seekers.stream().filter(s -> !waiting.containsKey(s.id())).forEach(s -> after.add(s.request()));
    for (QuotaScope scope : QuotaScope.values()) {
      after
          .all(scope)
          .forEach((name, used) -> {
            ResourceAmounts limit = quota.limit(scope, name);
            ResourceAmounts had = before.of(scope, name);
            assertTrue(used.gpus() <= Math.max(limit.gpus(), had.gpus()));
            assertTrue(used.sessions() <= Math.max(limit.sessions(), had.sessions()));
          });
    }
  }

  @Property
  void whoComesFirstInTimeIsFirstAtEachLimit(
      @ForAll("quota") QuotaLimits quota,
      @ForAll("shares") List<QuotaRequest> held,
      @ForAll("shares") List<QuotaRequest> wishes) {
    List<PendingSession> seekers = seekers(wishes);
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, held, seekers);
    for (int older = 0; older < seekers.size(); older++) {
      QuotaQueue.QueuePosition wait = waiting.get(seekers.get(older).id());
      if (wait == null) {
        continue;
      }
      for (PendingSession younger : seekers.subList(older + 1, seekers.size())) {
        for (QuotaViolation limit : wait.violations()) {
          boolean sameLimit =
              limit.scope().nameOf(younger.request()).equals(limit.name())
                  && (limit.resource() == QuotaViolation.QuotaResource.SESSIONS
                      || younger.request().amount().gpus() > 0);
          assertTrue(!sameLimit || waiting.containsKey(younger.id()), younger + " passed " + limit);
        }
      }
    }
  }

  @Property
  void theFirstIsOnlyKeptByWhatIsHeldAndTheOrderOfTheListIsNothing(
      @ForAll("quota") QuotaLimits quota, @ForAll("shares") List<QuotaRequest> wishes) {
    List<PendingSession> seekers = seekers(wishes);
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, List.of(), seekers);
    assertEquals(waiting, QuotaQueue.waitingSessions(quota, List.of(), seekers.reversed()));
    if (!seekers.isEmpty()) {
      boolean fits = quota.violations(new QuotaUsage(), seekers.getFirst().request()).isEmpty();
      assertEquals(fits, !waiting.containsKey(seekers.getFirst().id()));
    }
  }

  private static List<PendingSession> seekers(List<QuotaRequest> wishes) {
    List<PendingSession> seekers = new ArrayList<>();
    for (QuotaRequest wish : wishes) {
      seekers.add(
          new PendingSession("s" + seekers.size(), wish, START.plusSeconds(seekers.size())));
    }
    return seekers;
  }

  @Provide
  Arbitrary<List<QuotaRequest>> shares() {
    return Combinators.combine(
            Arbitraries.of("alice", "bob"),
            Arbitraries.of("desks", "labs"),
            Arbitraries.of("small", "large"),
            Arbitraries.longs().between(0, 3))
        .as((user, namespace, template, gpus) ->
            new QuotaRequest(user, namespace, template, new ResourceAmounts(1, gpus)))
        .list()
        .ofMaxSize(12);
  }

  @Provide
  Arbitrary<QuotaLimits> quota() {
    Arbitrary<Long> number =
        Arbitraries.oneOf(
            Arbitraries.longs().between(0, 6), Arbitraries.just(ResourceAmounts.UNLIMITED));
    Arbitrary<ResourceAmounts> amount =
        Combinators.combine(number, number).as(ResourceAmounts::new);
    Arbitrary<QuotaLimits.ScopeLimits> limits =
        Combinators.combine(amount, amount)
            .as((standard, alices) ->
                new QuotaLimits.ScopeLimits(standard, Map.of("alice", alices)));
    return Arbitraries.maps(Arbitraries.of(QuotaScope.class), limits)
        .map(map -> new QuotaLimits(QuotaLimits.Mode.REJECT, map));
  }
}
