package io.vdi.operator.admission.quota;

import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
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
   * @param overloads one per request, in the same order: why its reservation cannot be stored now;
   *     empty if it can
   * @param reliesOnHomes whether a request fits only because its home counts already, which only a
   *     list that is newer than the reservations can prove
   */
  record ReservationPlan(
      Reservations next,
      List<List<QuotaViolation>> violations,
      List<String> overloads,
      boolean reliesOnHomes) {
    boolean hasViolations() {
      return violations.stream().anyMatch(list -> !list.isEmpty())
          || overloads.stream().anyMatch(reason -> !reason.isEmpty());
    }
  }

  /**
   * @param expired IDs of reservations whose request can no longer be in flight
   * @param maxPerUser reservations that one user can have, so that one user cannot use all the
   *     space
   */
  static ReservationPlan plan(
      Reservations reservations,
      SessionIndex.Snapshot snapshot,
      Function<String, Optional<VdiTemplate>> templates,
      QuotaLimits quota,
      List<ReservationRequest> requests,
      Set<String> expired,
      int maxPerUser,
      Instant now) {
    boolean storage = quota.limitsStorage();
    QuotaUsage usage = usage(snapshot, templates, storage);
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
    // Last: the claim of a session that is not observed yet counts for its reservation.
    snapshot.claims().forEach(usage::add);
    Space space = new Space(kept.values(), maxPerUser);
    Set<String> granted = new HashSet<>(kept.keySet());
    List<List<QuotaViolation>> violations = new ArrayList<>();
    List<String> overloads = new ArrayList<>();
    boolean reliesOnHomes = false;
    for (ReservationRequest request : requests) {
      // The API server can send a request twice; the second finds its reservation.
      List<QuotaViolation> exceeded =
          granted.contains(request.id()) ? List.of() : quota.violations(usage, request.request());
      violations.add(exceeded);
      String overload = "";
      reliesOnHomes |=
          !granted.contains(request.id()) && quota.reliesOnHome(usage, request.request());
      Optional<QuotaRequest> share =
          share(request, exceeded, storage ? quota.mode() : QuotaLimits.Mode.REJECT);
      if (share.isPresent() && request.keep() && !granted.contains(request.id())) {
        Reservations.Entry entry = new Reservations.Entry(share.get(), now);
        overload = space.whyFull(entry);
        if (overload.isEmpty()) {
          granted.add(request.id());
          space.add(entry);
          usage.add(share.get());
          kept.put(request.id(), entry);
        }
      }
      overloads.add(overload);
    }
    return new ReservationPlan(
        new Reservations(reservations.version(), Map.copyOf(kept), lastReleased),
        violations,
        overloads,
        reliesOnHomes);
  }

  /**
   * What the request gets. A session that waits in the queue has its home while it waits, so it
   * gets storage even if the other limits are exceeded.
   */
  private static Optional<QuotaRequest> share(
      ReservationRequest request, List<QuotaViolation> exceeded, QuotaLimits.Mode mode) {
    if (exceeded.isEmpty()) {
      return Optional.of(request.request());
    }
    boolean waits =
        mode == QuotaLimits.Mode.QUEUE && exceeded.stream().noneMatch(QuotaViolation::isOfStorage);
    return Optional.of(request.request())
        .filter(it -> waits && it.amount().storage() > 0)
        .map(it -> it.with(ResourceAmounts.ZERO.withStorage(it.amount().storage())));
  }

  /** What is left of the ConfigMap, in total and for each user. */
  private static final class Space {
    private final Map<String, Integer> byUser = new HashMap<>();
    private final int maxPerUser;
    private int bytes;

    Space(Collection<Reservations.Entry> entries, int maxPerUser) {
      this.maxPerUser = maxPerUser;
      entries.forEach(this::add);
    }

    void add(Reservations.Entry entry) {
      byUser.merge(entry.request().user(), 1, Integer::sum);
      bytes += entry.maxBytes();
    }

    /** Empty if the entry fits. */
    String whyFull(Reservations.Entry entry) {
      int ofUser = byUser.getOrDefault(entry.request().user(), 0);
      if (ofUser >= maxPerUser) {
        return "%d requests of user %s are in progress, and %d are allowed (admission.maxReservationsPerUser)"
            .formatted(ofUser, entry.request().user(), maxPerUser);
      }
      return bytes + entry.maxBytes() > Reservations.MAX_BYTES
          ? "too many requests are in progress"
          : "";
    }
  }

  /** What the size of a home depends on. */
  private record HomeSpec(VdiSession.Persistence persistence, String template) {
    static HomeSpec of(VdiSession session) {
      return new HomeSpec(session.spec().persistence(), session.spec().template());
    }

    long size(Optional<VdiTemplate> found) {
      return QuotaRequest.storage(
          new VdiSession.Spec("", template, null, persistence, null, null, null, false), found);
    }
  }

  private static QuotaUsage usage(
      SessionIndex.Snapshot snapshot,
      Function<String, Optional<VdiTemplate>> templates,
      boolean storage) {
    Map<String, Optional<VdiTemplate>> found = new HashMap<>();
    // Thousands of sessions have few sizes, and reading a quantity takes microseconds.
    Map<HomeSpec, Long> sizes = new HashMap<>();
    QuotaUsage usage = new QuotaUsage();
    for (VdiSession session : snapshot.sessions()) {
      Optional<VdiTemplate> template = found.computeIfAbsent(session.spec().template(), templates);
      long size = storage ? sizes.computeIfAbsent(HomeSpec.of(session), s -> s.size(template)) : 0;
      usage.add(QuotaRequest.of(session, template, size));
    }
    for (VdiSession session : snapshot.deleted()) {
      QuotaRequest request =
          QuotaRequest.of(session, found.computeIfAbsent(session.spec().template(), templates));
      usage.add(request.with(ResourceAmounts.ZERO.withStorage(request.amount().storage())));
    }
    return usage;
  }
}
