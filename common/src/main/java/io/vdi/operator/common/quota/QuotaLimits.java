package io.vdi.operator.common.quota;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The limits of the configuration's section {@code quota}: for each scope a standard, and
 * exceptions by name.
 */
public record QuotaLimits(Mode mode, Map<QuotaScope, ScopeLimits> limits) {
  private static final ScopeLimits NO_LIMITS =
      new ScopeLimits(
          new ResourceAmounts(ResourceAmounts.UNLIMITED, ResourceAmounts.UNLIMITED), Map.of());

  /** What becomes of a session that does not fit. */
  public enum Mode {
    /** It is refused. */
    REJECT,
    /** It is let in with a warning, and waits in line. */
    QUEUE
  }

  /** For one scope. */
  public record ScopeLimits(ResourceAmounts defaultLimit, Map<String, ResourceAmounts> exceptions) {
    public ResourceAmounts of(String name) {
      return exceptions.getOrDefault(name, defaultLimit);
    }
  }

  public ResourceAmounts limit(QuotaScope scope, String name) {
    return limits.getOrDefault(scope, NO_LIMITS).of(name);
  }

  /** Whether any limit concerns what is asked for. */
  public boolean limits(QuotaRequest asked) {
    for (QuotaScope scope : QuotaScope.values()) {
      ResourceAmounts limit = limit(scope, scope.nameOf(asked));
      for (QuotaViolation.QuotaResource resource : QuotaViolation.QuotaResource.values()) {
        if (asked.amount().of(resource) > 0 && limit.of(resource) != ResourceAmounts.UNLIMITED) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * The limits that would be passed if this were granted; empty where it fits. What asks for
   * nothing of a resource does not pass its limit, however much of it is in use: a limit that was
   * lowered takes nothing from anybody.
   */
  public List<QuotaViolation> violations(QuotaUsage usage, QuotaRequest asked) {
    List<QuotaViolation> found = new ArrayList<>();
    for (QuotaScope scope : QuotaScope.values()) {
      for (QuotaViolation.QuotaResource resource : QuotaViolation.QuotaResource.values()) {
        QuotaViolation excess = measure(usage, asked, scope, resource);
        if (excess.requested() > 0 && excess.used() + excess.requested() > excess.limit()) {
          found.add(excess);
        }
      }
    }
    return List.copyOf(found);
  }

  /** What is used, asked for and allowed at one limit, whether or not that is too much. */
  QuotaViolation measure(
      QuotaUsage usage,
      QuotaRequest asked,
      QuotaScope scope,
      QuotaViolation.QuotaResource resource) {
    String name = scope.nameOf(asked);
    return new QuotaViolation(
        scope,
        name,
        resource,
        usage.of(scope, name).of(resource),
        asked.amount().of(resource),
        limit(scope, name).of(resource));
  }
}
