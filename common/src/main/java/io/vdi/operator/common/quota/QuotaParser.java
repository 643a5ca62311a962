package io.vdi.operator.common.quota;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.identity.EmailAddress;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads the section {@code quota} of a configuration, which the services and the kubectl plugin
 * share. A key that is absent has its default: no limit, and mode {@code reject}.
 */
public final class QuotaParser {
  private static final String UNLIMITED = "unlimited";

  /** A smaller limit lacks its unit: {@code 500} would be 500 bytes. */
  private static final long MIN_STORAGE = 1024 * 1024;

  private final List<String> problems;

  private QuotaParser(List<String> problems) {
    this.problems = problems;
  }

  /**
   * Reads the section.
   *
   * @param quotaSection the value of the key {@code quota}; numbers may also be strings
   * @param problems receives one message per invalid value, with its key, value and rule. The
   *     result is usable only when none was added.
   */
  public static QuotaLimits parse(JsonObject quotaSection, List<String> problems) {
    return new QuotaParser(problems).limits(quotaSection);
  }

  private QuotaLimits limits(JsonObject section) {
    Map<QuotaScope, QuotaLimits.ScopeLimits> limits = new EnumMap<>(QuotaScope.class);
    for (QuotaScope scope : QuotaScope.values()) {
      limits.put(scope, scopeLimits(scope, object(section.get(scope.text()))));
    }
    return new QuotaLimits(mode(section), Map.copyOf(limits));
  }

  private QuotaLimits.ScopeLimits scopeLimits(QuotaScope scope, JsonObject section) {
    String key = "quota." + scope.text();
    ResourceAmounts standard =
        new ResourceAmounts(
            amount(section, "sessions", key + ".sessions", ResourceAmounts.UNLIMITED),
            amount(section, "gpus", key + ".gpus", ResourceAmounts.UNLIMITED),
            storage(section, key + ".storage", ResourceAmounts.UNLIMITED));
    Map<String, ResourceAmounts> exceptions = new HashMap<>();
    if (scope != QuotaScope.CLUSTER && section.get("exceptions") instanceof JsonArray items) {
      for (JsonElement item : items) {
        JsonObject exception = object(item);
        String name = text(exception, "name").orElse("");
        if (name.isEmpty()) {
          problems.add(key + ".exceptions: each needs a name");
        }
        String label = key + ".exceptions " + name;
        exceptions.put(
            scope == QuotaScope.USER ? EmailAddress.key(name) : name,
            new ResourceAmounts(
                amount(exception, "sessions", label + ": sessions", standard.sessions()),
                amount(exception, "gpus", label + ": gpus", standard.gpus()),
                storage(exception, label + ": storage", standard.storage())));
      }
    }
    return new QuotaLimits.ScopeLimits(standard, Map.copyOf(exceptions));
  }

  private QuotaLimits.Mode mode(JsonObject section) {
    Map<String, QuotaLimits.Mode> modes =
        Arrays.stream(QuotaLimits.Mode.values())
            .collect(Collectors.toMap(mode -> mode.name().toLowerCase(Locale.ROOT), mode -> mode));
    String text = text(section, "mode").orElse("reject");
    QuotaLimits.Mode mode = modes.get(text);
    if (mode == null) {
      problems.add("quota.mode \"" + text + "\" must be one of reject, queue");
      return QuotaLimits.Mode.REJECT;
    }
    return mode;
  }

  /**
   * @param label the key as messages show it
   * @param absent the value when the key is absent
   */
  private long amount(JsonObject section, String key, String label, long absent) {
    Optional<String> text = text(section, key);
    if (text.isEmpty()) {
      return absent;
    }
    if (text.get().equals(UNLIMITED)) {
      return ResourceAmounts.UNLIMITED;
    }
    if (!text.get().matches("\\d{1,9}")) {
      problems.add(label + " \"" + text.get() + "\" must be a whole number, or " + UNLIMITED);
      return 0;
    }
    return Long.parseLong(text.get());
  }

  /** As {@link #amount}; in bytes. */
  private long storage(JsonObject section, String label, long absent) {
    Optional<String> text = text(section, "storage");
    if (text.isEmpty()) {
      return absent;
    }
    if (text.get().equals(UNLIMITED)) {
      return ResourceAmounts.UNLIMITED;
    }
    long bytes = StorageSize.bytes(text.get());
    if (bytes < MIN_STORAGE && !text.get().equals("0")) {
      problems.add(
          label
              + " \""
              + text.get()
              + "\" must be a quantity with a unit, such as 500Gi, or "
              + UNLIMITED);
    }
    return bytes;
  }

  /** Empty when the key is absent; an empty text when its value is null or not a scalar. */
  private static Optional<String> text(JsonObject section, String key) {
    return Optional.ofNullable(section.get(key))
        .map(value -> value instanceof JsonPrimitive scalar ? scalar.getAsString().strip() : "");
  }

  private static JsonObject object(JsonElement value) {
    return value instanceof JsonObject object ? object : new JsonObject();
  }
}
