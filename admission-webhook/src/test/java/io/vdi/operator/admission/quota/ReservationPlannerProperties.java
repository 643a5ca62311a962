package io.vdi.operator.admission.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.admission.quota.ReservationPlanner.ReservationPlan;
import io.vdi.operator.admission.quota.ReservationPlanner.ReservationRequest;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Replicas with caches of any age, reservations that are restored with a version of another
 * history, and requests that are slow, fail, or whose session is deleted again immediately:
 * sessions and requests in flight never exceed the limit, and a request that fits is never denied.
 */
class ReservationPlannerProperties {
  private static final int LIMIT = 5;
  private static final QuotaLimits QUOTA =
      new QuotaLimits(
          QuotaLimits.Mode.REJECT,
          Map.of(
              QuotaScope.CLUSTER,
              new QuotaLimits.ScopeLimits(
                  new ResourceAmounts(LIMIT, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED),
                  Map.of())));
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private record Event(String id, boolean deleted) {}

  @Property(tries = 3000)
  void theLimitHoldsWithCachesOfAnyAge(@ForAll long seed) {
    Random random = new Random(seed);
    List<Event> history = new ArrayList<>();
    List<String> inFlight = new ArrayList<>();
    List<String> failed = new ArrayList<>();
    int[] cached = new int[3];
    Reservations reservations = Reservations.NONE;
    for (int step = 0; step < 60; step++) {
      switch (random.nextInt(7)) {
        case 0 -> take(inFlight, random).ifPresent(id -> history.add(new Event(id, false)));
        case 1 -> take(inFlight, random).ifPresent(failed::add);
        case 2 ->
            take(present(history, history.size()), random)
                .ifPresent(id -> history.add(new Event(id, true)));
        case 3 -> {
          int replica = random.nextInt(cached.length);
          cached[replica] += random.nextInt(history.size() - cached[replica] + 1);
        }
        case 4 ->
            reservations =
                new Reservations(
                    reservations.version(), reservations.entries(), 1000 + random.nextInt(1000));
        default -> {
          int replica = random.nextInt(cached.length);
          ReservationRequest request = new ReservationRequest("id-" + step, share(), true);
          SessionIndex.Snapshot snapshot = snapshot(history, cached[replica]);
          if (snapshot.resourceVersion() < reservations.lastReleasedResourceVersion()) {
            snapshot = snapshot(history, history.size());
            reservations = reservations.inHistoryOf(snapshot.resourceVersion());
          }
          ReservationPlan plan = plan(reservations, snapshot, request);
          if (plan.hasViolations()) {
            plan = plan(reservations, snapshot(history, history.size()), request);
          }
          if (plan.hasViolations()) {
            int taken =
                present(history, history.size()).size()
                    + inFlight.size()
                    + (int) failed.stream().filter(reservations.entries()::containsKey).count();
            assertThat(taken).as("in use when a request was denied").isEqualTo(LIMIT);
          } else {
            inFlight.add(request.id());
          }
          reservations = plan.next();
        }
      }
      int used = present(history, history.size()).size() + inFlight.size();
      assertThat(used).as("in use at step %s", step).isLessThanOrEqualTo(LIMIT);
    }
  }

  private static ReservationPlan plan(
      Reservations reservations, SessionIndex.Snapshot snapshot, ReservationRequest request) {
    return ReservationPlanner.plan(
        reservations,
        snapshot,
        name -> Optional.empty(),
        QUOTA,
        List.of(request),
        Set.of(),
        1000,
        NOW);
  }

  private static Optional<String> take(List<String> from, Random random) {
    return from.isEmpty()
        ? Optional.empty()
        : Optional.of(from.remove(random.nextInt(from.size())));
  }

  private static List<String> present(List<Event> history, int until) {
    List<String> ids = new ArrayList<>();
    for (Event event : history.subList(0, until)) {
      if (event.deleted()) {
        ids.remove(event.id());
      } else {
        ids.add(event.id());
      }
    }
    return ids;
  }

  /** The sessions after the first events of the history, which have the versions from 2. */
  private static SessionIndex.Snapshot snapshot(List<Event> history, int until) {
    Map<String, Long> firstObserved = new HashMap<>();
    for (int i = 0; i < until; i++) {
      firstObserved.putIfAbsent(history.get(i).id(), i + 2L);
    }
    return new SessionIndex.Snapshot(
        present(history, until).stream().map(ReservationPlannerProperties::session).toList(),
        List.of(),
        List.of(),
        until + 1L,
        firstObserved,
        true);
  }

  private static VdiSession session(String id) {
    ObjectMeta meta =
        new ObjectMeta(
            id,
            "desks",
            id,
            "1",
            1,
            null,
            null,
            null,
            Map.of(Annotations.RESERVATION, id),
            null,
            null,
            0);
    return new VdiSession(
        meta,
        new VdiSession.Spec("alice@example.com", "t", null, null, null, null, null, false),
        null);
  }

  private static QuotaRequest share() {
    return new QuotaRequest("alice@example.com", "desks", "t", new ResourceAmounts(1, 1, 0));
  }
}
