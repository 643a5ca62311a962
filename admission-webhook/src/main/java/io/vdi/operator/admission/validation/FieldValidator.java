package io.vdi.operator.admission.validation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Reads an object as the client sent it, in which every field can have any type. A value that
 * breaks a rule is recorded with field, value and rule, and reads as absent. Null means absent, as
 * it does for the API server.
 */
final class FieldValidator {
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

  /** All violations so far, of this object and its sections. */
  List<String> violations() {
    return List.copyOf(violations);
  }

  void report(String field, JsonElement value, String rule) {
    violations.add(path + field + " " + printable(value) + ": " + rule);
  }

  /** A field of any type; empty if it is absent. */
  Optional<JsonElement> value(String field) {
    return get(field);
  }

  private Optional<JsonElement> get(String field) {
    return Optional.ofNullable(object.get(field)).filter(value -> !value.isJsonNull());
  }

  /** A field that is an object; an empty section if the field is absent. */
  FieldValidator section(String field) {
    Optional<JsonElement> value = get(field);
    if (value.isPresent() && !value.get().isJsonObject()) {
      report(field, value.get(), "must be an object");
    }
    return new FieldValidator(
        path + field + ".",
        value
            .filter(JsonElement::isJsonObject)
            .map(JsonElement::getAsJsonObject)
            .orElseGet(JsonObject::new),
        violations);
  }

  Optional<JsonArray> list(String field) {
    Optional<JsonElement> value = get(field);
    if (value.isPresent() && !value.get().isJsonArray()) {
      report(field, value.get(), "must be a list");
      return Optional.empty();
    }
    return value.map(JsonElement::getAsJsonArray);
  }

  /** A field that is an object; empty if it is absent. */
  Optional<JsonObject> object(String field) {
    Optional<JsonElement> value = get(field);
    if (value.isPresent() && !value.get().isJsonObject()) {
      report(field, value.get(), "must be an object");
      return Optional.empty();
    }
    return value.map(JsonElement::getAsJsonObject);
  }

  /** An item of a list. */
  FieldValidator item(String field, int index, JsonObject item) {
    return new FieldValidator(path + field + "[" + index + "].", item, violations);
  }

  /** A string, without a check; empty if the field is absent or has another type. */
  Optional<String> text(String field) {
    return get(field)
        .filter(value -> value instanceof JsonPrimitive p && p.isString())
        .map(JsonElement::getAsString);
  }

  /** A string that matches the rule. */
  Optional<String> string(String field, Predicate<String> legal, String rule) {
    return get(field)
        .flatMap(value -> {
          if (!(value instanceof JsonPrimitive p) || !p.isString()) {
            report(field, value, "must be a string: " + rule);
            return Optional.empty();
          }
          if (!legal.test(p.getAsString())) {
            report(field, value, rule);
            return Optional.empty();
          }
          return Optional.of(p.getAsString());
        });
  }

  /** A string that is the text of one of the values. */
  <E> void oneOf(String field, E[] values, Function<E, String> text) {
    List<String> words = Stream.of(values).map(text).toList();
    string(field, words::contains, "must be " + String.join(" or ", words));
  }

  /** A whole number that fits into an int, without a check; empty otherwise. */
  Optional<Integer> number(String field) {
    return get(field)
        .filter(value ->
            value instanceof JsonPrimitive p
                && p.isNumber()
                && p.getAsString().matches("[0-9]{1,9}"))
        .map(JsonElement::getAsInt);
  }

  /** A whole number as the API server accepts it: 2 and 2.0, at most 32 bits. */
  void integer(String field, int min, int max, String rule) {
    get(field)
        .filter(value -> {
          // Check the length first: expanding 1e999999999 would exhaust the memory.
          boolean plausible =
              value instanceof JsonPrimitive p && p.isNumber() && p.getAsString().length() <= 20;
          double number = plausible ? value.getAsDouble() : Double.NaN;
          return number != Math.rint(number)
              || number < min
              || number > max
              || Double.isNaN(number);
        })
        .ifPresent(value -> report(field, value, rule));
  }

  void bool(String field) {
    get(field)
        .filter(value -> !(value instanceof JsonPrimitive p) || !p.isBoolean())
        .ifPresent(value -> report(field, value, "must be true or false, without quotes"));
  }

  void require(String field, String rule) {
    if (get(field).isEmpty()) {
      violations.add(path + field + ": is missing: " + rule);
    }
  }

  private static String printable(JsonElement value) {
    String text =
        switch (value) {
          case JsonPrimitive p when p.isString() -> "\"" + p.getAsString() + "\"";
          case JsonPrimitive p -> p.getAsString();
          case JsonArray list -> "[…]";
          case JsonElement other -> "{…}";
        };
    return ShortText.of(text);
  }
}
