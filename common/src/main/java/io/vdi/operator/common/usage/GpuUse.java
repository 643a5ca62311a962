package io.vdi.operator.common.usage;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.model.VdiUsage;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * GPU seconds of a month until now, which budgets limit.
 *
 * @param users by e-mail address in lower case
 * @param groups by name
 */
public record GpuUse(YearMonth month, Map<String, Long> users, Map<String, Long> groups) {
  public GpuUse {
    users = Map.copyOf(users);
    groups = Map.copyOf(groups);
  }

  /** Adds up intervals one by one. */
  public static final class Sum {
    private final YearMonth month;
    private final UsageReport users;
    private final UsageReport groups;
    private final String selector;

    /**
     * @param zone of the borders of months
     */
    public Sum(Instant now, ZoneId zone) {
      this.month = YearMonth.from(now.atZone(zone));
      UsagePeriod period = UsagePeriod.of(month, now, zone);
      this.selector = period.selector(now);
      this.users = new UsageReport(List.of(UsageReport.Dimension.USER), period);
      this.groups = new UsageReport(List.of(UsageReport.Dimension.GROUP), period);
    }

    /** The label selector of the intervals that count. */
    public String selector() {
      return selector;
    }

    public void add(VdiUsage.Spec interval) {
      users.add(interval);
      groups.add(interval);
    }

    public GpuUse result() {
      return new GpuUse(month, seconds(users), seconds(groups));
    }

    private static Map<String, Long> seconds(UsageReport report) {
      return report.rows().stream()
          .collect(Collectors.toMap(row -> row.keys().getFirst(), UsageReport.Row::gpuSeconds));
    }
  }

  /** When the month ends. */
  public Instant renewsAt(ZoneId zone) {
    return month.plusMonths(1).atDay(1).atStartOfDay(zone).toInstant();
  }

  long ofUser(String email) {
    return users.getOrDefault(EmailAddress.key(email), 0L);
  }

  long ofGroup(String group) {
    return groups.getOrDefault(group, 0L);
  }
}
