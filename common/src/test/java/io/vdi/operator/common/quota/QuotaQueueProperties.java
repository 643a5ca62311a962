package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.quota.QuotaQueue.PendingSession;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class QuotaQueueProperties {
  private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

  @Property
  void admittedSessionsStayWithinTheLimits(
      @ForAll("quota") QuotaLimits quota,
      @ForAll("requests") List<QuotaRequest> held,
      @ForAll("requests") List<QuotaRequest> requests) {
    List<PendingSession> pending = pending(requests);
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, held, pending);
    QuotaUsage before = QuotaUsage.of(held);
    QuotaUsage after = QuotaUsage.of(held);
    pending.stream().filter(s -> !waiting.containsKey(s.id())).forEach(s -> after.add(s.request()));
    for (QuotaScope scope : QuotaScope.values()) {
      after
          .all(scope)
          .forEach((name, used) -> {
            ResourceAmounts limit = quota.limit(scope, name);
            ResourceAmounts had = before.of(scope, name);
            assertThat(used.gpus()).isLessThanOrEqualTo(Math.max(limit.gpus(), had.gpus()));
            assertThat(used.sessions())
                .isLessThanOrEqualTo(Math.max(limit.sessions(), had.sessions()));
          });
    }
  }

  @Property
  void aSessionIsNotAdmittedBeforeAnOlderOneAtTheSameLimit(
      @ForAll("quotaOfOneScope") QuotaLimits quota,
      @ForAll("requests") List<QuotaRequest> held,
      @ForAll("requests") List<QuotaRequest> requests) {
    List<PendingSession> pending = pending(requests);
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, held, pending);
    for (int older = 0; older < pending.size(); older++) {
      QuotaQueue.QueuePosition wait = waiting.get(pending.get(older).id());
      if (wait == null || wait.position() == 0) {
        continue;
      }
      for (PendingSession younger : pending.subList(older + 1, pending.size())) {
        for (QuotaViolation limit : wait.violations()) {
          boolean sameLimit =
              limit.scope().nameOf(younger.request()).equals(limit.name())
                  && (limit.resource() == QuotaViolation.QuotaResource.SESSIONS
                      || younger.request().amount().gpus() > 0);
          if (sameLimit) {
            assertThat(waiting).as("waiting at " + limit).containsKey(younger.id());
          }
        }
      }
    }
  }

  @Property
  void theOldestWaitsOnlyForUsageAndTheOrderOfTheListDoesNotMatter(
      @ForAll("quota") QuotaLimits quota, @ForAll("requests") List<QuotaRequest> requests) {
    List<PendingSession> pending = pending(requests);
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, List.of(), pending);
    assertThat(QuotaQueue.waitingSessions(quota, List.of(), pending.reversed())).isEqualTo(waiting);
    if (!pending.isEmpty()) {
      boolean fits = quota.violations(new QuotaUsage(), pending.getFirst().request()).isEmpty();
      assertThat(waiting.containsKey(pending.getFirst().id())).isEqualTo(!fits);
    }
  }

  @Property
  void aSessionThatNeverFitsChangesNothingForTheOthers(
      @ForAll("quota") QuotaLimits quota,
      @ForAll("requests") List<QuotaRequest> held,
      @ForAll("requests") List<QuotaRequest> requests) {
    List<PendingSession> pending = pending(requests);
    Map<String, QuotaQueue.QueuePosition> expected =
        new HashMap<>(QuotaQueue.waitingSessions(quota, held, pending));
    List<PendingSession> satisfiable = new ArrayList<>();
    for (PendingSession session : pending) {
      if (quota.violationsAlone(session.request()).isEmpty()) {
        satisfiable.add(session);
      } else {
        assertThat(expected.remove(session.id()).position()).isZero();
      }
    }
    assertThat(QuotaQueue.waitingSessions(quota, held, satisfiable)).isEqualTo(expected);
  }

  @Example
  void whoWaitsForAUserLimitHoldsNoPlaceAtTheLimitOfTheCluster() {
    QuotaLimits quota =
        new QuotaLimits(
            QuotaLimits.Mode.QUEUE,
            Map.of(QuotaScope.USER, gpuLimit(2), QuotaScope.CLUSTER, gpuLimit(4)));
    List<QuotaRequest> held = List.of(request("alice", 2), request("bob", 1));
    List<PendingSession> pending =
        pending(
            List.of(
                // Exceeds both limits, but waits for the user's.
                request("alice", 2),
                // Exceeds only the cluster's limit, so it is first in line there.
                request("carol", 2),
                request("bob", 1)));
    Map<String, QuotaQueue.QueuePosition> waiting =
        QuotaQueue.waitingSessions(quota, held, pending);
    assertThat(waiting.get("s0").position()).isEqualTo(1);
    assertThat(waiting.get("s1").position()).isEqualTo(1);
    assertThat(waiting.get("s2").position()).isEqualTo(2);
    assertThat(QuotaQueue.waitingSessions(quota, held, List.of(pending.get(0), pending.get(2))))
        .containsOnlyKeys("s0");
  }

  private static QuotaRequest request(String user, long gpus) {
    return new QuotaRequest(user, "desks", "small", new ResourceAmounts(1, gpus, 0));
  }

  private static QuotaLimits.ScopeLimits gpuLimit(long gpus) {
    return new QuotaLimits.ScopeLimits(
        new ResourceAmounts(ResourceAmounts.UNLIMITED, gpus, ResourceAmounts.UNLIMITED), Map.of());
  }

  private static List<PendingSession> pending(List<QuotaRequest> requests) {
    List<PendingSession> pending = new ArrayList<>();
    for (QuotaRequest request : requests) {
      pending.add(
          new PendingSession("s" + pending.size(), request, START.plusSeconds(pending.size())));
    }
    return pending;
  }

  @Provide
  Arbitrary<List<QuotaRequest>> requests() {
    return Combinators.combine(
            Arbitraries.of("alice", "bob"),
            Arbitraries.of("desks", "labs"),
            Arbitraries.of("small", "large"),
            Arbitraries.longs().between(0, 3))
        .as((user, namespace, template, gpus) ->
            new QuotaRequest(user, namespace, template, new ResourceAmounts(1, gpus, 0)))
        .list()
        .ofMaxSize(12);
  }

  @Provide
  Arbitrary<QuotaLimits> quotaOfOneScope() {
    return Combinators.combine(quota(), Arbitraries.of(QuotaScope.class))
        .as((quota, scope) ->
            new QuotaLimits(
                quota.mode(),
                quota.limits().containsKey(scope)
                    ? Map.of(scope, quota.limits().get(scope))
                    : Map.of()));
  }

  @Provide
  Arbitrary<QuotaLimits> quota() {
    Arbitrary<Long> number =
        Arbitraries.oneOf(
            Arbitraries.longs().between(0, 6), Arbitraries.just(ResourceAmounts.UNLIMITED));
    Arbitrary<ResourceAmounts> amount =
        Combinators.combine(number, number)
            .as((sessions, gpus) -> new ResourceAmounts(sessions, gpus, ResourceAmounts.UNLIMITED));
    Arbitrary<QuotaLimits.ScopeLimits> limits =
        Combinators.combine(amount, amount)
            .as((standard, alices) ->
                new QuotaLimits.ScopeLimits(standard, Map.of("alice", alices)));
    return Arbitraries.maps(Arbitraries.of(QuotaScope.class), limits)
        .map(map -> new QuotaLimits(QuotaLimits.Mode.REJECT, map));
  }
}
