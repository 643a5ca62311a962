package io.vdi.operator.runtime.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.helidon.config.Config;
import io.vdi.operator.common.model.Durations;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Reads settings and collects every problem, so that {@link #throwIfInvalid} reports all of them in
 * one message. A method that finds a problem returns a placeholder; nothing may use the result
 * before {@link #throwIfInvalid} has passed.
 */
public final class ConfigReader {
  private final Config config;
  private final Set<String> problems = new LinkedHashSet<>();

  public ConfigReader(Config config) {
    this.config = config;
  }

  /** The text of a key without surrounding white space; empty when the key is not set. */
  public String text(String key) {
    return config.get(key).asString().orElse("").strip();
  }

  /**
   * The text of a key.
   *
   * @param ruleInWords the rule as the message shows it after key and value, such as {@code must
   *     not be empty}
   */
  public String text(String key, Predicate<String> rule, String ruleInWords) {
    return value(key, ruleInWords, text -> Optional.of(text).filter(rule)).orElse("");
  }

  /** A list of strings; a text, as an environment variable gives it, is split at commas. */
  public List<String> list(String key) {
    // When a layer sets a text and a lower layer a list, Helidon keeps both: the text is right.
    List<String> items =
        config
            .get(key)
            .asString()
            .map(text -> Arrays.asList(text.split(",", -1)))
            .orElseGet(() -> config.get(key).asList(String.class).orElse(List.of()));
    return items.stream().map(String::strip).filter(item -> !item.isEmpty()).toList();
  }

  /** The items of a list of objects. */
  public List<Config> items(String key) {
    return config.get(key).asNodeList().orElse(List.of());
  }

  /** A section with any keys, such as names of labels; empty when it is not set. */
  public Map<String, String> map(String key) {
    return config.get(key).detach().asMap().orElse(Map.of());
  }

  /** A section as JSON, in which every scalar is a string; empty when the key is not set. */
  public JsonObject object(String key) {
    return json(config.get(key)) instanceof JsonObject object ? object : new JsonObject();
  }

  /**
   * A list as JSON, in which every scalar is a string; empty when the key is not set. A text, as an
   * environment variable gives it, is read as JSON.
   */
  public JsonArray array(String key) {
    // When a layer sets a text and a lower layer a list, Helidon keeps both: the text is right.
    Optional<String> text = config.get(key).asString().asOptional().map(String::strip);
    try {
      JsonElement value = text.map(JsonParser::parseString).orElseGet(() -> json(config.get(key)));
      if (value instanceof JsonArray array) {
        return array;
      }
    } catch (JsonParseException e) {
      problem(key + " \"" + text.orElse("") + "\" must be a JSON list: " + e.getMessage());
    }
    return new JsonArray();
  }

  private static JsonElement json(Config node) {
    return switch (node.type()) {
      case OBJECT -> {
        JsonObject object = new JsonObject();
        children(node).forEach(child -> object.add(child.key().name(), json(child)));
        yield object;
      }
      case LIST -> {
        JsonArray array = new JsonArray();
        children(node).forEach(child -> array.add(json(child)));
        yield array;
      }
      case VALUE, MISSING -> new JsonPrimitive(node.asString().orElse(""));
    };
  }

  private static List<Config> children(Config node) {
    return node.asNodeList().orElse(List.of());
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

  /** A whole number between the two, inclusive. */
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

  /** A duration above zero, as {@link Durations#parse} reads it. */
  public Duration duration(String key) {
    return value(key, "must be a duration above zero such as 15s or 1h30m", Durations::parse)
        .orElse(Duration.ofSeconds(1));
  }

  /** A duration above zero, or {@code 0}, which means never. */
  public Duration durationOrZero(String key) {
    return text(key).equals("0") ? Duration.ZERO : duration(key);
  }

  /**
   * One of the constants, written in camelCase: {@code certResolver} is {@code CERT_RESOLVER}. The
   * placeholder is the first constant.
   */
  public <E extends Enum<E>> E oneOf(String key, Class<E> type) {
    E[] constants = type.getEnumConstants();
    List<String> names = Arrays.stream(constants).map(ConfigReader::camelCase).toList();
    return value(
            key,
            "must be one of " + String.join(", ", names),
            text -> Optional.of(names.indexOf(text)).filter(i -> i >= 0).map(i -> constants[i]))
        .orElse(constants[0]);
  }

  /** Reports the problem when the condition does not hold; for rules that span several keys. */
  public void require(boolean holds, String problem) {
    if (!holds) {
      problem(problem);
    }
  }

  /** Reports a problem, once: several rules can read the same key. */
  public void problem(String problem) {
    problems.add(problem);
  }

  /**
   * Ends the reading.
   *
   * @throws InvalidConfigException with every reported problem, when there is one
   */
  public void throwIfInvalid() throws InvalidConfigException {
    if (!problems.isEmpty()) {
      throw new InvalidConfigException(List.copyOf(problems));
    }
  }

  private <T> Optional<T> value(String key, String rule, Function<String, Optional<T>> parser) {
    Optional<T> value = parser.apply(text(key));
    if (value.isEmpty()) {
      problem(key + " \"" + text(key) + "\" " + rule);
    }
    return value;
  }

  private static String camelCase(Enum<?> constant) {
    StringBuilder name = new StringBuilder();
    for (String part : constant.name().split("_", -1)) {
      name.append(
          name.isEmpty()
              ? part.toLowerCase(Locale.ROOT)
              : part.charAt(0) + part.substring(1).toLowerCase(Locale.ROOT));
    }
    return name.toString();
  }
}
