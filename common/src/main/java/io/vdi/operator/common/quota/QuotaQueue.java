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
 * Selects which pending sessions may start, oldest first; docs/specification.md, section 4. A
 * session that does not fit blocks younger ones at the narrowest of the limits that it exceeds, so
 * that small requests do not starve a large one. At wider limits it blocks nobody: it cannot start
 * before there is room at the narrower one, so one user cannot block the cluster. A session that
 * never fits, because its request alone is above a limit, blocks nobody at all.
 */
public final class QuotaQueue {
  private QuotaQueue() {}

  /**
   * A session that waits for quota.
   *
   * @param id also the order of sessions with the same time
   * @param since when it was created or resumed
   */
  public record PendingSession(String id, QuotaRequest request, Instant since) {
    static final Comparator<PendingSession> OLDEST_FIRST =
        Comparator.comparing(PendingSession::since).thenComparing(PendingSession::id);
  }

  /**
   * Why a session waits.
   *
   * @param violations the limits at which it waits; at some of them only an older session blocks it
   * @param position its position in the longest of the queues in which it waits, from 1; 0 when the
   *     request alone is above a limit, so that it waits in none
   */
  public record QueuePosition(List<QuotaViolation> violations, int position) {
    /** The violations as one message. */
    public String message() {
      return QuotaViolation.message(violations);
    }
  }

  private record Limit(QuotaScope scope, String name, QuotaViolation.QuotaResource resource) {}

  /**
   * The sessions that must wait, by id. All other pending sessions may start.
   *
   * @param held what running sessions use
   */
  public static Map<String, QueuePosition> waitingSessions(
      QuotaLimits quota, Iterable<QuotaRequest> held, List<PendingSession> pending) {
    QuotaUsage usage = QuotaUsage.of(held);
    Map<Limit, Integer> queues = new HashMap<>();
    Map<String, QueuePosition> waiting = new HashMap<>();
    for (PendingSession session : pending.stream().sorted(PendingSession.OLDEST_FIRST).toList()) {
      List<QuotaViolation> violations = quota.violations(usage, session.request());
      if (!quota.violationsAlone(session.request()).isEmpty()) {
        waiting.put(session.id(), new QueuePosition(violations, 0));
        continue;
      }
      Set<Limit> blocking =
          violations.stream()
              .map(exceeded -> new Limit(exceeded.scope(), exceeded.name(), exceeded.resource()))
              .collect(Collectors.toCollection(HashSet::new));
      queues.keySet().stream()
          .filter(limit -> isAt(limit, session.request()))
          .forEach(blocking::add);
      if (blocking.isEmpty()) {
        usage.add(session.request());
        continue;
      }
      int narrowest = blocking.stream().mapToInt(limit -> limit.scope().width()).min().getAsInt();
      int position = 0;
      for (Limit limit : blocking) {
        if (limit.scope().width() == narrowest) {
          position = Math.max(position, queues.merge(limit, 1, Integer::sum));
        }
      }
      waiting.put(
          session.id(),
          new QueuePosition(
              violations.isEmpty()
                  // It would fit, but an older session waits for the same limit.
                  ? blocking.stream()
                      .map(limit ->
                          quota.measure(usage, session.request(), limit.scope(), limit.resource()))
                      .toList()
                  : violations,
              position));
    }
    return Map.copyOf(waiting);
  }

  private static boolean isAt(Limit limit, QuotaRequest request) {
    return request.amount().of(limit.resource()) > 0
        && limit.scope().nameOf(request).equals(limit.name());
  }
}
