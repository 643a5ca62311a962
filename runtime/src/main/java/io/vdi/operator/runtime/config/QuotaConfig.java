package io.vdi.operator.runtime.config;

import io.helidon.config.Config;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.quota.QuotaScope;
import io.vdi.operator.common.quota.ResourceAmounts;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The settings {@code quota.*}, which the controller and the admission webhook share. */
public final class QuotaConfig {
  private static final String UNLIMITED = "unlimited";

  private QuotaConfig() {}

  /** Reads section {@code quota}. Problems are collected in the reader. */
  public static QuotaLimits read(ConfigReader read) {
    Map<QuotaScope, QuotaLimits.ScopeLimits> limits = new EnumMap<>(QuotaScope.class);
    for (QuotaScope scope : QuotaScope.values()) {
      String section = "quota." + scope.text();
      ResourceAmounts standard =
          new ResourceAmounts(
              amount(read, section + ".sessions", read.text(section + ".sessions")),
              amount(read, section + ".gpus", read.text(section + ".gpus")));
      Map<String, ResourceAmounts> exceptions = new HashMap<>();
      if (scope != QuotaScope.CLUSTER) {
        for (Config item : read.items(section + ".exceptions")) {
          String name = item.get("name").asString().orElse("").strip();
          read.require(!name.isEmpty(), section + ".exceptions: each needs a name");
          String key = section + ".exceptions " + name;
          exceptions.put(
              scope == QuotaScope.USER ? name.toLowerCase(Locale.ROOT) : name,
              new ResourceAmounts(
                  item.get("sessions")
                      .asString()
                      .map(text -> amount(read, key + ": sessions", text))
                      .orElse(standard.sessions()),
                  item.get("gpus")
                      .asString()
                      .map(text -> amount(read, key + ": gpus", text))
                      .orElse(standard.gpus())));
        }
      }
      limits.put(scope, new QuotaLimits.ScopeLimits(standard, Map.copyOf(exceptions)));
    }
    return new QuotaLimits(read.oneOf("quota.mode", QuotaLimits.Mode.class), Map.copyOf(limits));
  }

  private static long amount(ConfigReader read, String key, String text) {
    if (text.strip().equals(UNLIMITED)) {
      return ResourceAmounts.UNLIMITED;
    }
    boolean number = text.strip().matches("\\d{1,9}");
    read.require(number, key + " \"" + text + "\" must be a whole number, or " + UNLIMITED);
    return number ? Long.parseLong(text.strip()) : 0;
  }
}
