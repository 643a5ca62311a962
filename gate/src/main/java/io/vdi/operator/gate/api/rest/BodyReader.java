package io.vdi.operator.gate.api.rest;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.gate.api.ProblemType;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads the fields of a request and keeps the first problem: a field of another type, one that is
 * too long, and one that is not known. A method that finds a problem returns an empty value;
 * nothing may use the result before {@link #problem} is empty.
 */
final class BodyReader {
  /** The most bytes of a body. A request with every field at its limit is shorter. */
  static final int MAX_BYTES = 16 * 1024;

  private static final String UNREADABLE = "the body is not a JSON object in UTF-8";

  private final JsonObject object;

  /** Ends with a dot; empty for the body itself. */
  private final String path;

  private final Problems problems;
  private final Set<String> read = new HashSet<>();

  /** The first problem of a body, for its nested objects together. */
  private static final class Problems {
    private Optional<Answer.Problem> first = Optional.empty();

    private void add(ProblemType type, String detail, String field) {
      if (first.isEmpty()) {
        first =
            Optional.of(
                new Answer.Problem(
                    type, detail, Optional.of(field).filter(f -> !f.isEmpty()), Map.of()));
      }
    }
  }

  private BodyReader(JsonObject object, String path, Problems problems) {
    this.object = object;
    this.path = path;
    this.problems = problems;
  }

  /**
   * @param body at most {@link #MAX_BYTES}
   */
  static BodyReader of(byte[] body) {
    Problems problems = new Problems();
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      JsonReader reader = new JsonReader(new StringReader(text));
      reader.setStrictness(Strictness.STRICT);
      JsonElement element = new Gson().getAdapter(JsonElement.class).read(reader);
      if (element instanceof JsonObject object && reader.peek() == JsonToken.END_DOCUMENT) {
        return new BodyReader(object, "", problems);
      }
    } catch (CharacterCodingException e) {
      problems.add(ProblemType.BAD_REQUEST, UNREADABLE, "");
    } catch (IOException | JsonParseException | IllegalStateException e) {
      problems.add(ProblemType.BAD_REQUEST, UNREADABLE + ": " + e.getMessage(), "");
    }
    problems.add(ProblemType.BAD_REQUEST, UNREADABLE, "");
    return new BodyReader(new JsonObject(), "", problems);
  }

  /** The first problem; also fields that were not read. */
  Optional<Answer.Problem> problem() {
    object.keySet().stream()
        .filter(field -> !read.contains(field))
        .findFirst()
        .ifPresent(field -> {
          String name = path + shortened(field);
          problems.add(ProblemType.INVALID, "unknown field " + name, name);
        });
    return problems.first;
  }

  /** A nested object; empty if the field is absent. */
  BodyReader object(String field) {
    Optional<JsonElement> value = value(field);
    value
        .filter(found -> !found.isJsonObject())
        .ifPresent(found -> invalid(field, "must be an object"));
    return new BodyReader(
        value
            .filter(JsonElement::isJsonObject)
            .map(JsonElement::getAsJsonObject)
            .orElseGet(JsonObject::new),
        path + field + ".",
        problems);
  }

  Optional<String> text(String field, int maxLength) {
    return value(field)
        .flatMap(found -> {
          boolean legal =
              found instanceof JsonPrimitive primitive
                  && primitive.isString()
                  && !primitive.getAsString().isEmpty()
                  && primitive.getAsString().length() <= maxLength;
          return legal
              ? Optional.of(found.getAsString())
              : invalid(field, "must be a text of 1 to " + maxLength + " characters");
        });
  }

  String requiredText(String field, int maxLength) {
    return required(field, text(field, maxLength), "");
  }

  Optional<Boolean> flag(String field) {
    return value(field)
        .flatMap(found ->
            found instanceof JsonPrimitive primitive && primitive.isBoolean()
                ? Optional.of(primitive.getAsBoolean())
                : invalid(field, "must be true or false"));
  }

  OptionalInt number(String field, int min, int max) {
    Optional<Integer> number =
        value(field)
            .flatMap(found -> {
              if (found instanceof JsonPrimitive primitive && primitive.isNumber()) {
                String text = primitive.getAsString();
                Optional<BigDecimal> value =
                    text.length() <= 10 ? Optional.of(new BigDecimal(text)) : Optional.empty();
                if (value
                    .filter(n ->
                        n.compareTo(BigDecimal.valueOf(min)) >= 0
                            && n.compareTo(BigDecimal.valueOf(max)) <= 0
                            && n.stripTrailingZeros().scale() <= 0)
                    .isPresent()) {
                  return value.map(BigDecimal::intValueExact);
                }
              }
              return invalid(field, "must be a whole number from " + min + " to " + max);
            });
    return number.map(OptionalInt::of).orElseGet(OptionalInt::empty);
  }

  /** A quantity above zero, such as {@code 4Gi}; for CPUs also a number. */
  Optional<String> quantity(String field) {
    return value(field)
        .flatMap(found ->
            found instanceof JsonPrimitive primitive
                    && !primitive.isBoolean()
                    && Quantities.parse(primitive.getAsString()).isPresent()
                ? Optional.of(primitive.getAsString())
                : invalid(field, "must be a quantity above zero, such as 4Gi or 2"));
  }

  /** A duration above zero, such as {@code 1h30m}. */
  Optional<Duration> duration(String field) {
    return duration(
        field, "must be a duration above zero, such as 8h or 1h30m", text -> Durations.parse(text));
  }

  /** A duration, or {@code 0s}. */
  Optional<Duration> durationOrZero(String field) {
    return duration(
        field,
        "must be a duration such as 30m, or 0s",
        text -> text.equals("0s") ? Optional.of(Duration.ZERO) : Durations.parse(text));
  }

  private Optional<Duration> duration(
      String field, String rule, Function<String, Optional<Duration>> parser) {
    return value(field)
        .flatMap(found ->
            found instanceof JsonPrimitive primitive
                    && primitive.isString()
                    && primitive.getAsString().length() <= 16
                ? parser.apply(primitive.getAsString()).or(() -> invalid(field, rule))
                : invalid(field, rule));
  }

  /** A time with its offset from UTC. */
  Optional<Instant> time(String field) {
    String rule = "must be a time with its offset from UTC, such as 2026-11-26T20:00:00Z";
    return value(field)
        .flatMap(found -> {
          if (found instanceof JsonPrimitive primitive
              && primitive.isString()
              && primitive.getAsString().length() <= 40) {
            try {
              return Optional.of(
                  DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(
                      primitive.getAsString(), Instant::from));
            } catch (DateTimeException e) {
              return invalid(field, rule);
            }
          }
          return invalid(field, rule);
        });
  }

  /** A time that must be given; the epoch beside a problem. */
  Instant requiredTime(String field) {
    return required(field, time(field), Instant.EPOCH);
  }

  private <T> T required(String field, Optional<T> value, T otherwise) {
    if (value.isEmpty()) {
      problems.add(ProblemType.INVALID, path + field + " is required", path + field);
    }
    return value.orElse(otherwise);
  }

  /** One of the values by its name in the API. */
  <T> Optional<T> oneOf(String field, Map<String, T> values) {
    return value(field)
        .flatMap(found ->
            found instanceof JsonPrimitive primitive
                    && primitive.isString()
                    && values.containsKey(primitive.getAsString())
                ? Optional.of(values.get(primitive.getAsString()))
                : invalid(field, "must be one of " + values.keySet().stream().sorted().toList()));
  }

  private Optional<JsonElement> value(String field) {
    read.add(field);
    return Optional.ofNullable(object.get(field));
  }

  private <T> Optional<T> invalid(String field, String rule) {
    problems.add(ProblemType.INVALID, path + field + " " + rule, path + field);
    return Optional.empty();
  }

  private static String shortened(String field) {
    return field.length() <= 80 ? field : field.substring(0, 79) + "…";
  }
}
