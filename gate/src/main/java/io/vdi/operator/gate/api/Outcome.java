package io.vdi.operator.gate.api;

import java.util.Optional;
import java.util.function.Function;

/** How a call of {@link Desktops} ended. */
public sealed interface Outcome<T> {
  record Done<T>(T value) implements Outcome<T> {}

  /**
   * The call has changed nothing, and the same call fails again until something else changes.
   *
   * @param message for the user; of the API server, where it has refused the call
   * @param field the field of the request that is wrong, such as {@code resources.gpu}
   */
  record Refused<T>(ProblemType type, String message, Optional<String> field)
      implements Outcome<T> {
    /** The HTTP status. */
    public int status() {
      return type.status();
    }

    /** Never changes its meaning, such as {@code quota-exceeded}. */
    public String code() {
      return type.code();
    }
  }

  /**
   * The gate cannot do it at present; the same call may succeed later.
   *
   * @param message for the user
   */
  record Unavailable<T>(String message) implements Outcome<T> {}

  static <T> Outcome<T> refused(ProblemType type, String message) {
    return new Refused<>(type, message, Optional.empty());
  }

  static <T> Outcome<T> refused(ProblemType type, String message, String field) {
    return new Refused<>(type, message, Optional.of(field));
  }

  /** The same outcome with the value converted. */
  default <R> Outcome<R> map(Function<T, R> change) {
    return flatMap(value -> new Done<>(change.apply(value)));
  }

  /** The outcome of a second call that needs the value of this one. */
  default <R> Outcome<R> flatMap(Function<T, Outcome<R>> next) {
    return switch (this) {
      case Done<T>(T value) -> next.apply(value);
      case Refused<T>(ProblemType type, String message, Optional<String> field) ->
          new Refused<>(type, message, field);
      case Unavailable<T>(String message) -> new Unavailable<>(message);
    };
  }
}
