package io.vdi.operator.webhook.quota;

import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.Excess;
import io.vdi.operator.common.quota.Quota;
import io.vdi.operator.common.quota.Share;
import io.vdi.operator.common.quota.Usage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The sum, without I/O: what is used by sessions that can be seen and by reservations that cannot,
 * what is granted of what is asked, and what is to stand in the ConfigMap then.
 */
final class Ledger {
  private Ledger() {}

  /**
   * Somebody's wish.
   *
   * @param keep whether to reserve it; a dry run is only judged
   */
  record Wish(String id, Share share, boolean keep) {}

  /**
   * @param next what is to be written; the same as before where nothing is
   * @param refusals by the wishes' places; empty where granted
   */
  record Verdict(Reservations next, List<List<Excess>> refusals) {
    boolean refusesAny() {
      return refusals.stream().anyMatch(excess -> !excess.isEmpty());
    }
  }

  /**
   * @param expired reservations of requests that cannot be in flight any more
   */
  static Verdict judge(
      Reservations reservations,
      Sessions.View view,
      Function<String, Optional<VdiTemplate>> templates,
      Quota quota,
      List<Wish> wishes,
      Set<String> expired,
      Instant now) {
    Usage usage = usage(view, templates);
    Map<String, Reservations.Entry> kept = new HashMap<>();
    long dropped = reservations.dropped();
    for (Map.Entry<String, Reservations.Entry> entry : reservations.entries().entrySet()) {
      Long seenAt = view.seen().get(entry.getKey());
      if (seenAt != null) {
        dropped = Math.max(dropped, seenAt);
      } else if (!expired.contains(entry.getKey())) {
        kept.put(entry.getKey(), entry.getValue());
        usage.add(entry.getValue().share());
      }
    }
    Set<String> granted = new HashSet<>(kept.keySet());
    List<List<Excess>> refusals = new ArrayList<>();
    for (Wish wish : wishes) {
      // The API server may ask twice about one request; it has its share then.
      List<Excess> excess =
          granted.contains(wish.id()) ? List.of() : quota.exceeded(usage, wish.share());
      refusals.add(excess);
      if (excess.isEmpty() && wish.keep() && granted.add(wish.id())) {
        usage.add(wish.share());
        kept.put(wish.id(), new Reservations.Entry(wish.share(), now));
      }
    }
    Reservations next = new Reservations(reservations.version(), Map.copyOf(kept), dropped);
    return new Verdict(next, refusals);
  }

  static Usage usage(Sessions.View view, Function<String, Optional<VdiTemplate>> templates) {
    Map<String, Optional<VdiTemplate>> found = new HashMap<>();
    Usage usage = new Usage();
    for (VdiSession session : view.sessions()) {
      usage.add(Share.of(session, found.computeIfAbsent(session.spec().template(), templates)));
    }
    return usage;
  }
}
