package io.vdi.operator.controller.quota;

import io.helidon.metrics.api.Gauge;
import io.helidon.metrics.api.MeterRegistry;
import io.helidon.metrics.api.Tag;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaRequest;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaUsage;
import io.vdi.operator.common.quota.QuotaViolation;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Gauges of each limit and of its use. A gauge exists only for limits that are not unlimited, and
 * from the first session on that requests a share of them.
 */
final class QuotaMetrics {
  /** The usage is computed once for all gauges of a scrape. */
  private static final Duration MAX_AGE = Duration.ofSeconds(1);

  private record Name(QuotaScope scope, String name, QuotaViolation.QuotaResource resource) {}

  private final MeterRegistry meters;
  private final Supplier<QuotaUsage> usage;
  private final Supplier<QuotaLimits> quota;
  private final InstantSource clock;
  private final Set<Name> known = ConcurrentHashMap.newKeySet();
  private QuotaUsage last = new QuotaUsage();
  private Instant computedAt = Instant.EPOCH;

  QuotaMetrics(
      MeterRegistry meters,
      Supplier<QuotaUsage> usage,
      Supplier<QuotaLimits> quota,
      InstantSource clock) {
    this.meters = meters;
    this.usage = usage;
    this.quota = quota;
    this.clock = clock;
  }

  /** Registers the gauges of the limits that concern this request. */
  void requested(QuotaRequest request) {
    for (QuotaScope scope : QuotaScope.values()) {
      ResourceAmounts limit = quota.get().limit(scope, scope.nameOf(request));
      for (QuotaViolation.QuotaResource resource : QuotaViolation.QuotaResource.values()) {
        Name name = new Name(scope, scope.nameOf(request), resource);
        if (limit.of(resource) != ResourceAmounts.UNLIMITED && known.add(name)) {
          register(name);
        }
      }
    }
  }

  private void register(Name name) {
    List<Tag> tags =
        List.of(
            Tag.create("scope", name.scope().text()),
            Tag.create("name", name.name()),
            Tag.create("resource", name.resource().text()));
    meters.getOrCreate(
        Gauge.builder("vdi_quota_used", () -> used(name).of(name.resource()))
            .description("Used by pods, also those being created, and by homes (in bytes)")
            .tags(tags));
    meters.getOrCreate(
        Gauge.builder(
                "vdi_quota_limit",
                () -> {
                  long limit = quota.get().limit(name.scope(), name.name()).of(name.resource());
                  return limit == ResourceAmounts.UNLIMITED
                      ? Double.POSITIVE_INFINITY
                      : (double) limit;
                })
            .description("The limit; +Inf if it was set to unlimited")
            .tags(tags));
  }

  private synchronized ResourceAmounts used(Name name) {
    Instant now = clock.instant();
    if (computedAt.plus(MAX_AGE).isBefore(now)) {
      last = usage.get();
      computedAt = now;
    }
    return last.of(name.scope(), name.name());
  }
}
