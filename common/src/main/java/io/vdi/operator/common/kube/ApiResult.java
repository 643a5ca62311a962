package io.vdi.operator.common.kube;

import io.vdi.operator.common.model.ApiFailure;
import java.util.Optional;
import java.util.function.Function;

/** The outcome of one call. Expected failures are values, so that a caller has to look at them. */
public sealed interface ApiResult<T> {
  record Ok<T>(T value) implements ApiResult<T> {}

  /** The API server answered no: HTTP code, and the reason and message of its Status. */
  record Rejected<T>(int code, String reason, String message) implements ApiResult<T> {}

  /**
   * No answer: connection refused or reset, time-out. The call may or may not have had its effect.
   */
  record Unreachable<T>(String message) implements ApiResult<T> {}

  default Optional<T> ok() {
    return this instanceof Ok<T>(T value) ? Optional.of(value) : Optional.empty();
  }

  /** The same outcome, with what was made of the value. */
  default <R> ApiResult<R> map(Function<T, R> change) {
    return switch (this) {
      case Ok<T>(T value) -> new Ok<>(change.apply(value));
      case Rejected<T>(int code, String reason, String message) ->
          new Rejected<>(code, reason, message);
      case Unreachable<T>(String message) -> new Unreachable<>(message);
    };
  }

  default boolean isNotFound() {
    return this instanceof Rejected<T> r && r.code() == 404;
  }

  default boolean isConflict() {
    return this instanceof Rejected<T> r && r.code() == 409 && !r.reason().equals("AlreadyExists");
  }

  default boolean isAlreadyExists() {
    return this instanceof Rejected<T> r && r.reason().equals("AlreadyExists");
  }

  /** How to take a call that did not succeed; empty for one that did. */
  default Optional<ApiFailure> failure() {
    return switch (this) {
      case Ok<T> ok -> Optional.empty();
      case Unreachable<T>(String message) ->
          Optional.of(new ApiFailure.Transient("Unreachable", message));
      case Rejected<T>(int code, String reason, String message) ->
          Optional.of(
              code == 409 || code == 429 || code >= 500
                  ? new ApiFailure.Transient(reason, message)
                  : new ApiFailure.Permanent(reason, message));
    };
  }

  /** The value, for callers such as tests and tools that cannot go on without it. */
  default T orElseThrow() {
    return switch (this) {
      case Ok<T>(T value) -> value;
      case Rejected<T>(int code, String reason, String message) ->
          throw new IllegalStateException(code + " " + reason + ": " + message);
      case Unreachable<T>(String message) ->
          throw new IllegalStateException("no answer from the API server: " + message);
    };
  }
}
