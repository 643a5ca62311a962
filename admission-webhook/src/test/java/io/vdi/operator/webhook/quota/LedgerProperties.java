package io.vdi.operator.webhook.quota;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.common.model.Meta;
import io.vdi.operator.common.model.Names;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.quota.Amount;
import io.vdi.operator.common.quota.Quota;
import io.vdi.operator.common.quota.Scope;
import io.vdi.operator.common.quota.Share;
import io.vdi.operator.webhook.quota.Ledger.Verdict;
import io.vdi.operator.webhook.quota.Ledger.Wish;
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
 * Replicas with caches of any age, requests that take their time, fail, or are deleted again at
 * once: what is there and what is on its way never pass the limit, and nobody is refused who fits.
 */
class LedgerProperties {
  private static final int LIMIT = 5;
  private static final Quota QUOTA =
      new Quota(
          Quota.Mode.REJECT,
          Map.of(Scope.CLUSTER, new Quota.Limits(new Amount(LIMIT, Amount.UNLIMITED), Map.of())));
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private record Event(String id, boolean gone) {}

  @Property(tries = 3000)
  void theLimitHoldsWhateverTheCachesHaveSeen(@ForAll long seed) {
    Random random = new Random(seed);
    List<Event> history = new ArrayList<>();
    List<String> inFlight = new ArrayList<>();
    List<String> failed = new ArrayList<>();
    int[] cached = new int[3];
    Reservations reservations = Reservations.NONE;
    for (int step = 0; step < 60; step++) {
      switch (random.nextInt(6)) {
        case 0 -> take(inFlight, random).ifPresent(id -> history.add(new Event(id, false)));
        case 1 -> take(inFlight, random).ifPresent(failed::add);
        case 2 ->
            take(present(history, history.size()), random)
                .ifPresent(id -> history.add(new Event(id, true)));
        case 3 -> {
          int replica = random.nextInt(cached.length);
          cached[replica] += random.nextInt(history.size() - cached[replica] + 1);
        }
        default -> {
          int replica = random.nextInt(cached.length);
          Wish wish = new Wish("id-" + step, share(), true);
          Sessions.View view = view(history, cached[replica]);
          if (view.position() < reservations.dropped()) {
            view = view(history, history.size());
          }
          Verdict verdict = judge(reservations, view, wish);
          if (verdict.refusesAny()) {
            verdict = judge(reservations, view(history, history.size()), wish);
          }
          if (verdict.refusesAny()) {
            int taken =
                present(history, history.size()).size()
                    + inFlight.size()
                    + (int) failed.stream().filter(reservations.entries()::containsKey).count();
            assertEquals(LIMIT, taken, "refused, and would have fitted");
          } else {
            inFlight.add(wish.id());
          }
          reservations = verdict.next();
        }
      }
      int used = present(history, history.size()).size() + inFlight.size();
      assertTrue(used <= LIMIT, used + " at step " + step);
    }
  }

  private static Verdict judge(Reservations reservations, Sessions.View view, Wish wish) {
    return Ledger.judge(
        reservations, view, name -> Optional.empty(), QUOTA, List.of(wish), Set.of(), NOW);
  }

  private static Optional<String> take(List<String> from, Random random) {
    return from.isEmpty()
        ? Optional.empty()
        : Optional.of(from.remove(random.nextInt(from.size())));
  }

  private static List<String> present(List<Event> history, int until) {
    List<String> ids = new ArrayList<>();
    for (Event event : history.subList(0, until)) {
      if (event.gone()) {
        ids.remove(event.id());
      } else {
        ids.add(event.id());
      }
    }
    return ids;
  }

  /** What can be seen after so many events; their place in the history is their version. */
  private static Sessions.View view(List<Event> history, int until) {
    Map<String, Long> seen = new HashMap<>();
    for (int i = 0; i < until; i++) {
      seen.putIfAbsent(history.get(i).id(), i + 1L);
    }
    return new Sessions.View(
        present(history, until).stream().map(LedgerProperties::session).toList(), until, seen);
  }

  private static VdiSession session(String id) {
    Meta meta =
        new Meta(
            id, "desks", id, "1", 1, null, null, null, Map.of(Names.RESERVATION, id), null, null);
    return new VdiSession(
        meta, new VdiSession.Spec("alice@example.com", "t", null, null, null, null, false), null);
  }

  private static Share share() {
    return new Share("alice@example.com", "desks", "t", new Amount(1, 1));
  }
}
