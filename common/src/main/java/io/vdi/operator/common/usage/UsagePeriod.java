package io.vdi.operator.common.usage;

import io.vdi.operator.common.model.VdiUsage;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;

/**
 * The time for which use is summed; docs/specification.md, section 9.
 *
 * @param to does not count any more. An interval without an end counts until then, so it must not
 *     be in the future
 * @param zone of the borders of months
 */
public record UsagePeriod(Instant from, Instant to, ZoneId zone) {
  /** How many years ago a period can begin. */
  public static final int MAX_YEARS = 10;

  /** The part of a month that has passed. */
  public static UsagePeriod of(YearMonth month, Instant now, ZoneId zone) {
    Instant end = month.plusMonths(1).atDay(1).atStartOfDay(zone).toInstant();
    return new UsagePeriod(
        month.atDay(1).atStartOfDay(zone).toInstant(), end.isBefore(now) ? end : now, zone);
  }

  /** The present month until now. */
  public static UsagePeriod ofThisMonth(Instant now, ZoneId zone) {
    return of(YearMonth.from(now.atZone(zone)), now, zone);
  }

  /** The earliest time at which a period can begin. */
  public static Instant earliest(Instant now) {
    return now.minusSeconds(MAX_YEARS * 366L * 86_400);
  }

  /** The label selector of the intervals that can have a part in it. */
  public String selector(Instant now) {
    return VdiUsage.selectorSince(from, now);
  }
}
