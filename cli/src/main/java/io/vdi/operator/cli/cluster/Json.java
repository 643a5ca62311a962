package io.vdi.operator.cli.cluster;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads values of an object by their path. A missing value, or a value of another type, is empty:
 * objects of other controllers may have any content.
 */
public final class Json {
  private Json() {}

  /** The value at a path of field names; empty if it is missing or null. */
  public static Optional<JsonElement> at(JsonElement from, String... path) {
    JsonElement current = from;
    for (String name : path) {
      if (!(current instanceof JsonObject object) || !object.has(name)) {
        return Optional.empty();
      }
      current = object.get(name);
    }
    return Optional.of(current).filter(value -> !value.isJsonNull());
  }

  /** The string, number or boolean at the path as text; else empty. */
  public static String text(JsonElement from, String... path) {
    return at(from, path)
        .filter(JsonElement::isJsonPrimitive)
        .map(JsonElement::getAsString)
        .orElse("");
  }

  /** The integer at the path, which may be a string, such as {@code "4"}; else 0. */
  public static long number(JsonElement from, String... path) {
    try {
      return Long.parseLong(text(from, path));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** The elements of the list at the path. */
  public static List<JsonElement> list(JsonElement from, String... path) {
    return at(from, path)
        .filter(JsonElement::isJsonArray)
        .map(found -> found.getAsJsonArray().asList())
        .orElse(List.of());
  }

  /** The objects of the list at the path. */
  public static List<JsonObject> objects(JsonElement from, String... path) {
    return list(from, path).stream()
        .filter(JsonElement::isJsonObject)
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  /** The text fields of the object at the path, such as labels. */
  public static Map<String, String> map(JsonElement from, String... path) {
    return at(from, path)
        .filter(JsonElement::isJsonObject)
        .map(found ->
            found.getAsJsonObject().entrySet().stream()
                .filter(entry -> entry.getValue().isJsonPrimitive())
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().getAsString())))
        .orElse(Map.of());
  }

  /** {@code metadata.name}. */
  public static String name(JsonElement object) {
    return text(object, "metadata", "name");
  }
}
