package io.vdi.operator.admission.quota;

import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation;
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
final class ReservationPlanner {
  private ReservationPlanner() {}

  /**
   * Somebody's wish.
   *
   * @param keep whether to reserve it; a dry run is only judged
   */
  record ReservationRequest(String id, QuotaRequest share, boolean keep) {}

  /**
   * @param next what is to be written; the same as before where nothing is
   * @param refusals by the wishes' places; empty where granted
   */
  record ReservationPlan(Reservations next, List<List<QuotaViolation>> refusals) {
    boolean refusesAny() {
      return refusals.stream().anyMatch(excess -> !excess.isEmpty());
    }
  }

  /**
   * @param expired reservations of requests that cannot be in flight any more
   */
  static ReservationPlan judge(
      Reservations reservations,
      SessionIndex.Snapshot view,
      Function<String, Optional<VdiTemplate>> templates,
      QuotaLimits quota,
      List<ReservationRequest> wishes,
      Set<String> expired,
      Instant now) {
    QuotaUsage usage = usage(view, templates);
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
    List<List<QuotaViolation>> refusals = new ArrayList<>();
    for (ReservationRequest wish : wishes) {
      // The API server may ask twice about one request; it has its share then.
      List<QuotaViolation> excess =
          granted.contains(wish.id()) ? List.of() : quota.violations(usage, wish.share());
      refusals.add(excess);
      if (excess.isEmpty() && wish.keep() && granted.add(wish.id())) {
        usage.add(wish.share());
        kept.put(wish.id(), new Reservations.Entry(wish.share(), now));
      }
    }
    Reservations next = new Reservations(reservations.version(), Map.copyOf(kept), dropped);
    return new ReservationPlan(next, refusals);
  }

  static QuotaUsage usage(
      SessionIndex.Snapshot view, Function<String, Optional<VdiTemplate>> templates) {
    Map<String, Optional<VdiTemplate>> found = new HashMap<>();
    QuotaUsage usage = new QuotaUsage();
    for (VdiSession session : view.sessions()) {
      usage.add(
          QuotaRequest.of(session, found.computeIfAbsent(session.spec().template(), templates)));
    }
    return usage;
  }
}
