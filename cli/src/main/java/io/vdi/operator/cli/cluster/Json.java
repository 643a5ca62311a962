package io.vdi.operator.cli.cluster;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Ways through the JSON of an object; what is not there is empty. */
public final class Json {
  private Json() {}

  public static Optional<JsonElement> at(JsonElement from, String... path) {
    JsonElement here = from;
    for (String name : path) {
      if (!(here instanceof JsonObject object) || !object.has(name)) {
        return Optional.empty();
      }
      here = object.get(name);
    }
    return here == null || here.isJsonNull() ? Optional.empty() : Optional.of(here);
  }

  /** The text there, else empty. */
  public static String text(JsonElement from, String... path) {
    return at(from, path)
        .filter(JsonElement::isJsonPrimitive)
        .map(JsonElement::getAsString)
        .orElse("");
  }

  /** The whole number there, else 0; a number in a text counts. */
  public static long number(JsonElement from, String... path) {
    try {
      return Long.parseLong(text(from, path));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** The elements of the list there. */
  public static List<JsonElement> list(JsonElement from, String... path) {
    return at(from, path)
        .filter(JsonElement::isJsonArray)
        .map(found -> found.getAsJsonArray().asList())
        .orElse(List.of());
  }

  /** The objects of the list there. */
  public static List<JsonObject> objects(JsonElement from, String... path) {
    return list(from, path).stream()
        .filter(JsonElement::isJsonObject)
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  /** Its labels or annotations. */
  public static Map<String, String> map(JsonElement from, String... path) {
    return at(from, path)
        .filter(JsonElement::isJsonObject)
        .map(found ->
            found.getAsJsonObject().entrySet().stream()
                .filter(entry -> entry.getValue().isJsonPrimitive())
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().getAsString())))
        .orElse(Map.of());
  }

  public static String name(JsonElement object) {
    return text(object, "metadata", "name");
  }
}
