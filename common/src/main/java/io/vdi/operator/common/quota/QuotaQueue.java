package io.vdi.operator.common.quota;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who of those that wait may go on, oldest first, spec.md section 4. Who does not fit keeps
 * everybody younger waiting at the limits that stand in the way, so that a large wish is not passed
 * for ever by small ones; at other limits nobody waits for it.
 */
public final class QuotaQueue {
  private QuotaQueue() {}

  /**
   * One that waits.
   *
   * @param since when it was made; {@code id} decides between those of the same second
   */
  public record PendingSession(String id, QuotaRequest request, Instant since) {
    static final Comparator<PendingSession> OLDEST_FIRST =
        Comparator.comparing(PendingSession::since).thenComparing(PendingSession::id);
  }

  /**
   * Why it waits.
   *
   * @param position 1 for the first at the limit that stands in its way
   */
  public record QueuePosition(List<QuotaViolation> violations, int position) {
    public String message() {
      return QuotaViolation.message(violations);
    }
  }

  private record Limit(QuotaScope scope, String name, QuotaViolation.QuotaResource resource) {}

  /** Those who have to wait, by id; all others may go on. */
  public static Map<String, QueuePosition> waitingSessions(
      QuotaLimits quota, Iterable<QuotaRequest> held, List<PendingSession> seekers) {
    QuotaUsage usage = QuotaUsage.of(held);
    Map<Limit, Integer> queues = new HashMap<>();
    Map<String, QueuePosition> waiting = new HashMap<>();
    for (PendingSession seeker : seekers.stream().sorted(PendingSession.OLDEST_FIRST).toList()) {
      List<QuotaViolation> limits = quota.violations(usage, seeker.request());
      Set<Limit> gates =
          limits.stream()
              .map(limit -> new Limit(limit.scope(), limit.name(), limit.resource()))
              .collect(Collectors.toCollection(HashSet::new));
      queues.keySet().stream().filter(gate -> isAt(gate, seeker.request())).forEach(gates::add);
      if (gates.isEmpty()) {
        usage.add(seeker.request());
        continue;
      }
      int place = 0;
      for (Limit gate : gates) {
        place = Math.max(place, queues.merge(gate, 1, Integer::sum));
      }
      waiting.put(
          seeker.id(),
          new QueuePosition(
              limits.isEmpty()
                  // It would fit, but somebody older waits there.
                  ? gates.stream()
                      .map(gate ->
                          quota.measure(usage, seeker.request(), gate.scope(), gate.resource()))
                      .toList()
                  : limits,
              place));
    }
    return Map.copyOf(waiting);
  }

  private static boolean isAt(Limit gate, QuotaRequest share) {
    return share.amount().of(gate.resource()) > 0 && gate.scope().nameOf(share).equals(gate.name());
  }
}
