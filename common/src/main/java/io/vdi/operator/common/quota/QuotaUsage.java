package io.vdi.operator.common.quota;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/** What is used of every limit: the sum of shares. Not for several threads. */
public final class QuotaUsage {
  private final Map<QuotaScope, Map<String, ResourceAmounts>> used =
      new EnumMap<>(QuotaScope.class);

  public static QuotaUsage of(Iterable<QuotaRequest> shares) {
    QuotaUsage usage = new QuotaUsage();
    shares.forEach(usage::add);
    return usage;
  }

  public void add(QuotaRequest share) {
    for (QuotaScope scope : QuotaScope.values()) {
      used.computeIfAbsent(scope, s -> new HashMap<>())
          .merge(scope.nameOf(share), share.amount(), ResourceAmounts::plus);
    }
  }

  public ResourceAmounts of(QuotaScope scope, String name) {
    return used.getOrDefault(scope, Map.of()).getOrDefault(name, ResourceAmounts.ZERO);
  }

  /** Everybody who uses anything, by name. */
  public Map<String, ResourceAmounts> all(QuotaScope scope) {
    return Map.copyOf(used.getOrDefault(scope, Map.of()));
  }
}
