package io.vdi.operator.gate.api.rest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** What a request is answered with. */
sealed interface Answer {
  /**
   * A document.
   *
   * @param version of the object, for its ETag; empty: none
   * @param headers further ones
   */
  record Json(int status, JsonElement body, Optional<String> version, Map<String, String> headers)
      implements Answer {
    static Json of(JsonElement body) {
      return new Json(200, body, Optional.empty(), Map.of());
    }
  }

  /** A table for spreadsheets. */
  record Csv(String text) implements Answer {}

  /**
   * An error as RFC 9457 has it.
   *
   * @param field of the request
   * @param headers further ones
   */
  record Problem(
      ProblemType type, String detail, Optional<String> field, Map<String, String> headers)
      implements Answer {
    static Problem of(ProblemType type, String detail) {
      return new Problem(type, detail, Optional.empty(), Map.of());
    }

    static Problem notAllowed(Set<String> allowed) {
      return new Problem(
          ProblemType.METHOD_NOT_ALLOWED,
          "use " + String.join(" or ", allowed),
          Optional.empty(),
          Map.of("Allow", String.join(", ", allowed)));
    }
  }

  /** The handler has sent a stream. */
  record Sent() implements Answer {}

  /** The document of an outcome, or its problem. */
  static <T> Answer json(Outcome<T> outcome, Function<T, JsonObject> convert) {
    return of(outcome, value -> Json.of(convert.apply(value)));
  }

  /** The answer for an outcome. */
  static <T> Answer of(Outcome<T> outcome, Function<T, Answer> done) {
    return switch (outcome) {
      case Outcome.Done<T>(T value) -> done.apply(value);
      case Outcome.Refused<T>(ProblemType type, String message, Optional<String> field) ->
          new Problem(
              type,
              message,
              field,
              type == ProblemType.TOO_MANY_REQUESTS ? Map.of("Retry-After", "1") : Map.of());
      case Outcome.Unavailable<T>(String message) ->
          new Problem(
              ProblemType.UNAVAILABLE, message, Optional.empty(), Map.of("Retry-After", "2"));
    };
  }
}
