package io.vdi.operator.common.kube;

import io.vdi.operator.common.model.ApiFailure;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The outcome of one call. Failures are values, so that the compiler makes a caller handle them.
 */
public sealed interface ApiResult<T> {
  /**
   * "maximum memory usage per Container is 1Gi, but limit is 4Gi" and its variants, up to "per".
   * With {@code .*} in the pattern a message that repeats the beginning would take quadratic time.
   */
  Pattern LIMIT_RANGE = Pattern.compile("(minimum|maximum) \\S+ (usage|limit)");

  record Ok<T>(T value) implements ApiResult<T> {}

  /** The API server returned an error: the HTTP code, and the reason and message of its Status. */
  record Rejected<T>(int code, String reason, String message) implements ApiResult<T> {}

  /**
   * No usable answer, such as a refused connection or a timeout. The call may have had its effect.
   */
  record Unreachable<T>(String message) implements ApiResult<T> {}

  /** The value; empty when the call failed. */
  default Optional<T> ok() {
    return this instanceof Ok<T>(T value) ? Optional.of(value) : Optional.empty();
  }

  /** The same outcome with the value converted. */
  default <R> ApiResult<R> map(Function<T, R> change) {
    return flatMap(value -> new Ok<>(change.apply(value)));
  }

  /** The outcome of a second call that needs the value of this one. */
  default <R> ApiResult<R> flatMap(Function<T, ApiResult<R>> next) {
    return switch (this) {
      case Ok<T>(T value) -> next.apply(value);
      case Rejected<T>(int code, String reason, String message) ->
          new Rejected<>(code, reason, message);
      case Unreachable<T>(String message) -> new Unreachable<>(message);
    };
  }

  /** The object, or its namespace or type, does not exist. */
  default boolean isNotFound() {
    return this instanceof Rejected<T> r && r.code() == 404;
  }

  /** The object is not, or is no longer, the one that the precondition names. */
  default boolean isConflict() {
    return this instanceof Rejected<T> r && r.code() == 409 && !r.reason().equals("AlreadyExists");
  }

  /** A create found an object with the same name. */
  default boolean isAlreadyExists() {
    return this instanceof Rejected<T> r && r.reason().equals("AlreadyExists");
  }

  /** Why the call failed and whether to retry; empty when it succeeded. */
  default Optional<ApiFailure> failure() {
    return switch (this) {
      case Ok<T> ok -> Optional.empty();
      case Unreachable<T>(String message) ->
          Optional.of(new ApiFailure.Transient("Unreachable", message));
      case Rejected<T>(int code, String reason, String message) ->
          Optional.of(
              code == 408 || code == 409 || code == 429 || code >= 500 || isUsedUp(code, message)
                  ? new ApiFailure.Transient(reason, message)
                  : new ApiFailure.Permanent(reason, message));
    };
  }

  /**
   * Whether a ResourceQuota or a LimitRange refused the object, or its namespace is being deleted.
   * All of these end without a change of the object.
   */
  private static boolean isUsedUp(int code, String message) {
    return code == 403
        && (message.contains("exceeded quota")
            || message.contains("failed quota")
            || isOverLimitRange(message)
            || message.contains("is being terminated"));
  }

  private static boolean isOverLimitRange(String message) {
    Matcher limit = LIMIT_RANGE.matcher(message);
    return message.contains("max limit to request ratio")
        || (limit.find() && message.indexOf(" per ", limit.end()) >= 0);
  }

  /**
   * The value, for tests and tools that cannot continue without it.
   *
   * @throws IllegalStateException with the failure
   */
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
