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
 * Decides a batch of requests without I/O. Usage is the sum of the observed sessions and of the
 * reservations whose session is not observed yet.
 */
final class ReservationPlanner {
  private ReservationPlanner() {}

  /**
   * A request for a share of the quotas.
   *
   * @param keep whether to store the reservation; false for a dry run
   */
  record ReservationRequest(String id, QuotaRequest request, boolean keep) {}

  /**
   * @param next the reservations to write; equal to those before if there is nothing to write
   * @param violations one list per request, in the same order; empty if the request is granted
   */
  record ReservationPlan(Reservations next, List<List<QuotaViolation>> violations) {
    boolean hasViolations() {
      return violations.stream().anyMatch(list -> !list.isEmpty());
    }
  }

  /**
   * @param expired IDs of reservations whose request can no longer be in flight
   */
  static ReservationPlan plan(
      Reservations reservations,
      SessionIndex.Snapshot snapshot,
      Function<String, Optional<VdiTemplate>> templates,
      QuotaLimits quota,
      List<ReservationRequest> requests,
      Set<String> expired,
      Instant now) {
    QuotaUsage usage = usage(snapshot, templates);
    Map<String, Reservations.Entry> kept = new HashMap<>();
    long lastReleased = reservations.lastReleasedResourceVersion();
    for (Map.Entry<String, Reservations.Entry> entry : reservations.entries().entrySet()) {
      Optional<Long> observedAt = snapshot.observedAt(entry.getKey());
      if (observedAt.isPresent()) {
        lastReleased = Math.max(lastReleased, observedAt.get());
      } else if (!expired.contains(entry.getKey())) {
        kept.put(entry.getKey(), entry.getValue());
        usage.add(entry.getValue().request());
      }
    }
    Set<String> granted = new HashSet<>(kept.keySet());
    List<List<QuotaViolation>> violations = new ArrayList<>();
    for (ReservationRequest request : requests) {
      // The API server can send a request twice; the second finds its reservation.
      List<QuotaViolation> exceeded =
          granted.contains(request.id()) ? List.of() : quota.violations(usage, request.request());
      violations.add(exceeded);
      if (exceeded.isEmpty() && request.keep() && granted.add(request.id())) {
        usage.add(request.request());
        kept.put(request.id(), new Reservations.Entry(request.request(), now));
      }
    }
    return new ReservationPlan(
        new Reservations(reservations.version(), Map.copyOf(kept), lastReleased), violations);
  }

  private static QuotaUsage usage(
      SessionIndex.Snapshot snapshot, Function<String, Optional<VdiTemplate>> templates) {
    Map<String, Optional<VdiTemplate>> found = new HashMap<>();
    QuotaUsage usage = new QuotaUsage();
    for (VdiSession session : snapshot.sessions()) {
      usage.add(
          QuotaRequest.of(session, found.computeIfAbsent(session.spec().template(), templates)));
    }
    return usage;
  }
}
