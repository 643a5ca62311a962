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
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What is used of each limit, and the limit; only where there is one, and for those who have asked
 * for a share of it.
 */
final class QuotaMetrics {
  /** One look at all sessions serves all gauges of a page. */
  private static final Duration FRESH = Duration.ofSeconds(1);

  private record Name(QuotaScope scope, String name, QuotaViolation.QuotaResource resource) {}

  private final MeterRegistry meters;
  private final Supplier<QuotaUsage> usage;
  private final Supplier<QuotaLimits> quota;
  private final InstantSource clock;
  private final Set<Name> known = ConcurrentHashMap.newKeySet();
  private QuotaUsage last = new QuotaUsage();
  private Instant lookedAt = Instant.EPOCH;

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

  void asked(QuotaRequest share) {
    for (QuotaScope scope : QuotaScope.values()) {
      ResourceAmounts limit = quota.get().limit(scope, scope.nameOf(share));
      for (QuotaViolation.QuotaResource resource : QuotaViolation.QuotaResource.values()) {
        Name name = new Name(scope, scope.nameOf(share), resource);
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
            Tag.create("resource", name.resource().name().toLowerCase(Locale.ROOT)));
    meters.getOrCreate(
        Gauge.builder("vdi_quota_used", () -> used(name).of(name.resource()))
            .description("Held by pods there are, and by those that are being made")
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
            .description("The limit; +Inf where it has been lifted")
            .tags(tags));
  }

  private synchronized ResourceAmounts used(Name name) {
    Instant now = clock.instant();
    if (lookedAt.plus(FRESH).isBefore(now)) {
      last = usage.get();
      lookedAt = now;
    }
    return last.of(name.scope(), name.name());
  }
}
