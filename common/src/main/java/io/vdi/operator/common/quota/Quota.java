package io.vdi.operator.common.quota;

import io.helidon.config.Config;
import io.vdi.operator.common.service.ConfigReader;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The limits of the configuration's section {@code quota}: for each scope a standard, and
 * exceptions by name.
 */
public record Quota(Mode mode, Map<Scope, Limits> limits) {
  private static final String UNLIMITED = "unlimited";
  private static final Limits NO_LIMITS =
      new Limits(new Amount(Amount.UNLIMITED, Amount.UNLIMITED), Map.of());

  /** What becomes of a session that does not fit. */
  public enum Mode {
    /** It is refused. */
    REJECT,
    /** It is let in with a warning, and waits in line. */
    QUEUE
  }

  /** For one scope. */
  public record Limits(Amount standard, Map<String, Amount> exceptions) {
    public Amount of(String name) {
      return exceptions.getOrDefault(name, standard);
    }
  }

  public Amount limit(Scope scope, String name) {
    return limits.getOrDefault(scope, NO_LIMITS).of(name);
  }

  /** Whether any limit concerns what is asked for. */
  public boolean concerns(Share asked) {
    for (Scope scope : Scope.values()) {
      Amount limit = limit(scope, scope.nameOf(asked));
      for (Excess.Resource resource : Excess.Resource.values()) {
        if (asked.amount().of(resource) > 0 && limit.of(resource) != Amount.UNLIMITED) {
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
  public List<Excess> exceeded(Usage usage, Share asked) {
    List<Excess> found = new ArrayList<>();
    for (Scope scope : Scope.values()) {
      for (Excess.Resource resource : Excess.Resource.values()) {
        Excess excess = measured(usage, asked, scope, resource);
        if (excess.requested() > 0 && excess.used() + excess.requested() > excess.limit()) {
          found.add(excess);
        }
      }
    }
    return List.copyOf(found);
  }

  /** What is used, asked for and allowed at one limit, whether or not that is too much. */
  Excess measured(Usage usage, Share asked, Scope scope, Excess.Resource resource) {
    String name = scope.nameOf(asked);
    return new Excess(
        scope,
        name,
        resource,
        usage.of(scope, name).of(resource),
        asked.amount().of(resource),
        limit(scope, name).of(resource));
  }

  /** Reads section {@code quota}; problems are gathered in the reader. */
  public static Quota read(ConfigReader read) {
    Map<Scope, Limits> limits = new EnumMap<>(Scope.class);
    for (Scope scope : Scope.values()) {
      String section = "quota." + scope.text();
      Amount standard =
          new Amount(
              amount(read, section + ".sessions", read.text(section + ".sessions")),
              amount(read, section + ".gpus", read.text(section + ".gpus")));
      Map<String, Amount> exceptions = new HashMap<>();
      if (scope != Scope.CLUSTER) {
        for (Config item : read.items(section + ".exceptions")) {
          String name = item.get("name").asString().orElse("").strip();
          read.require(!name.isEmpty(), section + ".exceptions: each needs a name");
          String key = section + ".exceptions " + name;
          exceptions.put(
              scope == Scope.USER ? name.toLowerCase(Locale.ROOT) : name,
              new Amount(
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
      limits.put(scope, new Limits(standard, Map.copyOf(exceptions)));
    }
    return new Quota(read.oneOf("quota.mode", Mode.class), Map.copyOf(limits));
  }

  private static long amount(ConfigReader read, String key, String text) {
    if (text.strip().equals(UNLIMITED)) {
      return Amount.UNLIMITED;
    }
    boolean number = text.strip().matches("\\d{1,9}");
    read.require(number, key + " \"" + text + "\" must be a whole number, or " + UNLIMITED);
    return number ? Long.parseLong(text.strip()) : 0;
  }
}
