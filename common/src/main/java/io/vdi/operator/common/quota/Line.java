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
public final class Line {
  private Line() {}

  /**
   * One that waits.
   *
   * @param since when it was made; {@code id} decides between those of the same second
   */
  public record Seeker(String id, Share share, Instant since) {
    static final Comparator<Seeker> OLDEST_FIRST =
        Comparator.comparing(Seeker::since).thenComparing(Seeker::id);
  }

  /**
   * Why it waits.
   *
   * @param place 1 for the first at the limit that stands in its way
   */
  public record Waiting(List<Excess> limits, int place) {
    public String message() {
      return Excess.message(limits);
    }
  }

  private record Gate(Scope scope, String name, Excess.Resource resource) {}

  /** Those who have to wait, by id; all others may go on. */
  public static Map<String, Waiting> waiting(
      Quota quota, Iterable<Share> held, List<Seeker> seekers) {
    Usage usage = Usage.of(held);
    Map<Gate, Integer> queues = new HashMap<>();
    Map<String, Waiting> waiting = new HashMap<>();
    for (Seeker seeker : seekers.stream().sorted(Seeker.OLDEST_FIRST).toList()) {
      List<Excess> limits = quota.exceeded(usage, seeker.share());
      Set<Gate> gates =
          limits.stream()
              .map(limit -> new Gate(limit.scope(), limit.name(), limit.resource()))
              .collect(Collectors.toCollection(HashSet::new));
      queues.keySet().stream().filter(gate -> isAt(gate, seeker.share())).forEach(gates::add);
      if (gates.isEmpty()) {
        usage.add(seeker.share());
        continue;
      }
      int place = 0;
      for (Gate gate : gates) {
        place = Math.max(place, queues.merge(gate, 1, Integer::sum));
      }
      waiting.put(
          seeker.id(),
          new Waiting(
              limits.isEmpty()
                  // It would fit, but somebody older waits there.
                  ? gates.stream()
                      .map(gate ->
                          quota.measured(usage, seeker.share(), gate.scope(), gate.resource()))
                      .toList()
                  : limits,
              place));
    }
    return Map.copyOf(waiting);
  }

  private static boolean isAt(Gate gate, Share share) {
    return share.amount().of(gate.resource()) > 0 && gate.scope().nameOf(share).equals(gate.name());
  }
}
