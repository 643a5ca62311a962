package io.vdi.operator.gate.api;

import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.QuotaViolation.QuotaResource;
import java.util.List;
import java.util.OptionalLong;

/**
 * Usage against quota.
 *
 * @param lines in the order of scope, name and resource
 */
public record UsageView(List<Line> lines) {
  public UsageView {
    lines = List.copyOf(lines);
  }

  /**
   * One resource of one name.
   *
   * @param name of the user, namespace or template; empty text for the cluster
   * @param used a number, for storage in bytes; {@link QuotaResource#format} is for people
   * @param limit empty: no limit
   */
  public record Line(
      QuotaScope scope, String name, QuotaResource resource, long used, OptionalLong limit) {}
}
