package io.vdi.operator.common.quota;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The limits of section {@code quota}: for each scope a default, and exceptions by name. */
public record QuotaLimits(Mode mode, Map<QuotaScope, ScopeLimits> limits) {
  private static final ScopeLimits NO_LIMITS =
      new ScopeLimits(
          new ResourceAmounts(
              ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED),
          Map.of());

  /** What happens to a session that exceeds a limit. */
  public enum Mode {
    /** The admission webhook rejects it. */
    REJECT,
    /** The admission webhook admits it with a warning; the controller queues it. */
    QUEUE
  }

  /** The limits of one scope. */
  public record ScopeLimits(ResourceAmounts defaultLimit, Map<String, ResourceAmounts> exceptions) {
    /** The limit of one user, namespace or template. */
    public ResourceAmounts of(String name) {
      return exceptions.getOrDefault(name, defaultLimit);
    }
  }

  /** The limit of one name in one scope; unlimited when the scope has no limits. */
  public ResourceAmounts limit(QuotaScope scope, String name) {
    return limits.getOrDefault(scope, NO_LIMITS).of(name);
  }

  /** Whether any limit of storage is set. Otherwise nobody needs to know the sizes of all homes. */
  public boolean limitsStorage() {
    return limits.values().stream()
        .flatMap(
            of -> Stream.concat(Stream.of(of.defaultLimit()), of.exceptions().values().stream()))
        .anyMatch(limit -> limit.storage() != ResourceAmounts.UNLIMITED);
  }

  /** Whether any limit applies to the request. */
  public boolean appliesTo(QuotaRequest request) {
    for (QuotaScope scope : QuotaScope.values()) {
      ResourceAmounts limit = limit(scope, scope.nameOf(request));
      for (QuotaViolation.QuotaResource resource : QuotaViolation.QuotaResource.values()) {
        if (request.amount().of(resource) > 0 && limit.of(resource) != ResourceAmounts.UNLIMITED) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * The limits that the request would exceed; empty when it fits. A request for none of a resource
   * exceeds no limit of it, even when more than the limit is in use after the limit was lowered. Of
   * a home that is in use, only what the request adds counts.
   */
  public List<QuotaViolation> violations(QuotaUsage usage, QuotaRequest request) {
    List<QuotaViolation> found = new ArrayList<>();
    for (QuotaScope scope : QuotaScope.values()) {
      for (QuotaViolation.QuotaResource resource : QuotaViolation.QuotaResource.values()) {
        QuotaViolation measured = measure(usage, request, scope, resource);
        if (measured.requested() > 0
            && ResourceAmounts.sum(measured.used(), measured.requested()) > measured.limit()) {
          found.add(measured);
        }
      }
    }
    return List.copyOf(found);
  }

  /**
   * The limits that the request exceeds even when nothing else is in use. Such a request never
   * fits; only another limit or a smaller request helps.
   */
  public List<QuotaViolation> violationsAlone(QuotaRequest request) {
    return violations(new QuotaUsage(), request);
  }

  /**
   * Whether the request fits only because its home counts already, although more than a limit is in
   * use. If the usage is outdated, the home may not exist any more, and its storage may have been
   * given to others.
   */
  public boolean reliesOnHome(QuotaUsage usage, QuotaRequest request) {
    return request.amount().storage() > 0
        && Arrays.stream(QuotaScope.values())
            .map(scope -> measure(usage, request, scope, QuotaViolation.QuotaResource.STORAGE))
            .anyMatch(measured -> measured.requested() == 0 && measured.used() > measured.limit());
  }

  /** Usage, request and limit for one limit, whether or not the limit is exceeded. */
  QuotaViolation measure(
      QuotaUsage usage,
      QuotaRequest request,
      QuotaScope scope,
      QuotaViolation.QuotaResource resource) {
    String name = scope.nameOf(request);
    return new QuotaViolation(
        scope,
        name,
        resource,
        usage.of(scope, name).of(resource),
        resource == QuotaViolation.QuotaResource.STORAGE
            ? usage.addedStorage(scope, request)
            : request.amount().of(resource),
        limit(scope, name).of(resource));
  }
}
