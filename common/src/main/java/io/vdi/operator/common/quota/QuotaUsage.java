package io.vdi.operator.common.quota;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/** What is used in each scope: the sum of all requests. Not safe for concurrent use. */
public final class QuotaUsage {
  private final Map<QuotaScope, Map<String, ResourceAmounts>> used =
      new EnumMap<>(QuotaScope.class);

  public static QuotaUsage of(Iterable<QuotaRequest> requests) {
    QuotaUsage usage = new QuotaUsage();
    requests.forEach(usage::add);
    return usage;
  }

  public void add(QuotaRequest request) {
    for (QuotaScope scope : QuotaScope.values()) {
      used.computeIfAbsent(scope, s -> new HashMap<>())
          .merge(scope.nameOf(request), request.amount(), ResourceAmounts::plus);
    }
  }

  /** What one name uses; zero when it uses nothing. */
  public ResourceAmounts of(QuotaScope scope, String name) {
    return used.getOrDefault(scope, Map.of()).getOrDefault(name, ResourceAmounts.ZERO);
  }

  /** The usage of each name that uses anything. */
  public Map<String, ResourceAmounts> all(QuotaScope scope) {
    return Map.copyOf(used.getOrDefault(scope, Map.of()));
  }
}
