package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Reads an object as a user sent it, in which anything may stand anywhere. What is not as it should
 * be is noted with field, value and rule, and reads as absent. Null is absent, as it is for the API
 * server.
 */
final class FieldValidator {
  private static final int MAX_SHOWN = 80;

  private final String path;
  private final JsonObject object;
  private final List<String> violations;

  private FieldValidator(String path, JsonObject object, List<String> violations) {
    this.path = path;
    this.object = object;
    this.violations = violations;
  }

  static FieldValidator of(JsonObject object) {
    return new FieldValidator("", object, new ArrayList<>());
  }

  /** All that was noted so far, here and in the sections. */
  List<String> violations() {
    return List.copyOf(violations);
  }

  void note(String field, JsonElement value, String rule) {
    violations.add(path + field + " " + shown(value) + ": " + rule);
  }

  private Optional<JsonElement> get(String field) {
    return Optional.ofNullable(object.get(field)).filter(value -> !value.isJsonNull());
  }

  /** A part of the object; empty where it is absent. */
  FieldValidator section(String field) {
    Optional<JsonElement> value = get(field);
    if (value.isPresent() && !value.get().isJsonObject()) {
      note(field, value.get(), "must be an object");
    }
    return new FieldValidator(
        path + field + ".",
        value
            .filter(JsonElement::isJsonObject)
            .map(JsonElement::getAsJsonObject)
            .orElseGet(JsonObject::new),
        violations);
  }

  Optional<JsonArray> array(String field) {
    Optional<JsonElement> value = get(field);
    if (value.isPresent() && !value.get().isJsonArray()) {
      note(field, value.get(), "must be a list");
      return Optional.empty();
    }
    return value.map(JsonElement::getAsJsonArray);
  }

  /** An item of a list. */
  FieldValidator item(String field, int index, JsonObject item) {
    return new FieldValidator(path + field + "[" + index + "].", item, violations);
  }

  Optional<String> text(String field, Predicate<String> legal, String rule) {
    return get(field)
        .flatMap(value -> {
          if (!(value instanceof JsonPrimitive p) || !p.isString()) {
            note(field, value, "must be a text: " + rule);
            return Optional.empty();
          }
          if (!legal.test(p.getAsString())) {
            note(field, value, rule);
            return Optional.empty();
          }
          return Optional.of(p.getAsString());
        });
  }

  /** A whole number as the API server takes it: 2 and 2.0, at most 32 bits. */
  void number(String field, int min, int max, String rule) {
    get(field)
        .filter(value -> {
          // A short text first: what 1e999999999 stands for would fill the memory.
          boolean plausible =
              value instanceof JsonPrimitive p && p.isNumber() && p.getAsString().length() <= 20;
          double number = plausible ? value.getAsDouble() : Double.NaN;
          return number != Math.rint(number)
              || number < min
              || number > max
              || Double.isNaN(number);
        })
        .ifPresent(value -> note(field, value, rule));
  }

  void flag(String field) {
    get(field)
        .filter(value -> !(value instanceof JsonPrimitive p) || !p.isBoolean())
        .ifPresent(value -> note(field, value, "must be true or false, without quotes"));
  }

  void require(String field, String rule) {
    if (get(field).isEmpty()) {
      violations.add(path + field + ": is missing: " + rule);
    }
  }

  private static String shown(JsonElement value) {
    String text =
        value instanceof JsonPrimitive p && p.isString()
            ? "\"" + p.getAsString() + "\""
            : value instanceof JsonPrimitive
                ? value.getAsString()
                : value.isJsonArray() ? "[…]" : "{…}";
    // Control characters would let a value write lines of its own into a terminal or a log.
    String safe = text.replaceAll("\\p{Cntrl}", "?");
    return safe.length() <= MAX_SHOWN ? safe : safe.substring(0, MAX_SHOWN) + "…";
  }
}
