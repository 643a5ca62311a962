package io.vdi.operator.common.quota;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/** What is used of every limit: the sum of shares. Not for several threads. */
public final class Usage {
  private final Map<Scope, Map<String, Amount>> used = new EnumMap<>(Scope.class);

  public static Usage of(Iterable<Share> shares) {
    Usage usage = new Usage();
    shares.forEach(usage::add);
    return usage;
  }

  public void add(Share share) {
    for (Scope scope : Scope.values()) {
      used.computeIfAbsent(scope, s -> new HashMap<>())
          .merge(scope.nameOf(share), share.amount(), Amount::plus);
    }
  }

  public Amount of(Scope scope, String name) {
    return used.getOrDefault(scope, Map.of()).getOrDefault(name, Amount.NOTHING);
  }

  /** Everybody who uses anything, by name. */
  public Map<String, Amount> all(Scope scope) {
    return Map.copyOf(used.getOrDefault(scope, Map.of()));
  }
}
