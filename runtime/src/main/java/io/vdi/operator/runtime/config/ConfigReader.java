package io.vdi.operator.runtime.config;

import io.helidon.config.Config;
import io.vdi.operator.common.model.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** Reads settings and gathers every problem, so that an admin sees all of them at once. */
public final class ConfigReader {
  private final Config config;
  private final List<String> problems = new ArrayList<>();

  public ConfigReader(Config config) {
    this.config = config;
  }

  /** The text of a key; empty where nothing is set. */
  public String text(String key) {
    return config.get(key).asString().orElse("").strip();
  }

  public String text(String key, Predicate<String> rule, String ruleInWords) {
    return value(key, ruleInWords, text -> Optional.of(text).filter(rule)).orElse("");
  }

  /** A list, or in the environment a text with commas. */
  public List<String> list(String key) {
    // A layer on top may give one text where the layer below gives a list: the text wins.
    List<String> items =
        config
            .get(key)
            .asString()
            .map(text -> Arrays.asList(text.split(",", -1)))
            .orElseGet(() -> config.get(key).asList(String.class).orElse(List.of()));
    return items.stream().map(String::strip).filter(item -> !item.isEmpty()).toList();
  }

  /** The items of a list whose items have keys of their own. */
  public List<Config> items(String key) {
    return config.get(key).asNodeList().orElse(List.of());
  }

  public boolean flag(String key) {
    return value(
            key,
            "must be true or false",
            text ->
                switch (text) {
                  case "true" -> Optional.of(true);
                  case "false" -> Optional.of(false);
                  default -> Optional.empty();
                })
        .orElse(false);
  }

  public int number(String key, int min, int max) {
    return value(
            key,
            "must be a whole number from " + min + " to " + max,
            text -> {
              try {
                return Optional.of(Integer.valueOf(text)).filter(n -> n >= min && n <= max);
              } catch (NumberFormatException e) {
                return Optional.empty();
              }
            })
        .orElse(min);
  }

  public Duration duration(String key) {
    return value(key, "must be a duration above zero such as 15s or 1h30m", Durations::parse)
        .orElse(Duration.ofSeconds(1));
  }

  /** The same, or zero, which stands for never. */
  public Duration durationOrZero(String key) {
    return text(key).equals("0") ? Duration.ZERO : duration(key);
  }

  /** One of the constants, written in camelCase: {@code CERT_RESOLVER} is {@code certResolver}. */
  public <E extends Enum<E>> E oneOf(String key, Class<E> type) {
    E[] constants = type.getEnumConstants();
    List<String> words = Arrays.stream(constants).map(ConfigReader::camelCase).toList();
    return value(
            key,
            "must be one of " + String.join(", ", words),
            text -> Optional.of(words.indexOf(text)).filter(i -> i >= 0).map(i -> constants[i]))
        .orElse(constants[0]);
  }

  /** Adds a problem that concerns more than one key. */
  public void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }

  /** Raises what has been found. */
  public void throwIfInvalid() throws InvalidConfigException {
    if (!problems.isEmpty()) {
      throw new InvalidConfigException(problems);
    }
  }

  private <T> Optional<T> value(String key, String rule, Function<String, Optional<T>> parser) {
    Optional<T> value = parser.apply(text(key));
    if (value.isEmpty()) {
      problems.add(key + " \"" + text(key) + "\" " + rule);
    }
    return value;
  }

  private static String camelCase(Enum<?> constant) {
    StringBuilder word = new StringBuilder();
    for (String part : constant.name().split("_", -1)) {
      word.append(
          word.isEmpty()
              ? part.toLowerCase(Locale.ROOT)
              : part.charAt(0) + part.substring(1).toLowerCase(Locale.ROOT));
    }
    return word.toString();
  }
}
