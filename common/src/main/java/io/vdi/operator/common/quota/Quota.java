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
  public static final Quota NONE = new Quota(Mode.REJECT, Map.of());

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
    return List.of(Scope.values()).stream()
        .map(scope -> limit(scope, scope.nameOf(asked)))
        .anyMatch(limit ->
            (asked.amount().sessions() > 0 && limit.sessions() != Amount.UNLIMITED)
                || (asked.amount().gpus() > 0 && limit.gpus() != Amount.UNLIMITED));
  }

  /**
   * The limits that would be passed if this were granted; empty where it fits. What asks for
   * nothing of a resource does not pass its limit, however much of it is in use: a limit that was
   * lowered takes nothing from anybody.
   */
  public List<Excess> exceeded(Usage usage, Share asked) {
    List<Excess> found = new ArrayList<>();
    for (Scope scope : Scope.values()) {
      String name = scope.nameOf(asked);
      Amount limit = limit(scope, name);
      Amount used = usage.of(scope, name);
      Amount more = asked.amount();
      if (more.sessions() > 0 && used.sessions() + more.sessions() > limit.sessions()) {
        found.add(
            new Excess(
                scope,
                name,
                Excess.Resource.SESSIONS,
                used.sessions(),
                more.sessions(),
                limit.sessions()));
      }
      if (more.gpus() > 0 && used.gpus() + more.gpus() > limit.gpus()) {
        found.add(
            new Excess(scope, name, Excess.Resource.GPUS, used.gpus(), more.gpus(), limit.gpus()));
      }
    }
    return List.copyOf(found);
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
