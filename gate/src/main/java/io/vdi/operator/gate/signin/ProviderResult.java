package io.vdi.operator.gate.signin;

import java.util.Optional;
import java.util.function.Function;

/** The outcome of a question to the provider. */
public sealed interface ProviderResult<T> {
  record Ok<T>(T value) implements ProviderResult<T> {}

  /** The provider, or the check of its answer, refuses. The reason is for the log. */
  record Refused<T>(String reason) implements ProviderResult<T> {}

  /** The provider does not answer, or none is configured. A retry can succeed. */
  record Unavailable<T>(String reason) implements ProviderResult<T> {}

  /** The outcome of a second question that needs the answer of this one. */
  default <R> ProviderResult<R> flatMap(Function<T, ProviderResult<R>> next) {
    return switch (this) {
      case Ok<T>(T value) -> next.apply(value);
      case Refused<T>(String reason) -> new Refused<>(reason);
      case Unavailable<T>(String reason) -> new Unavailable<>(reason);
    };
  }

  /** The same outcome with the value converted. */
  default <R> ProviderResult<R> map(Function<T, R> change) {
    return flatMap(value -> new Ok<>(change.apply(value)));
  }

  /** The value; empty without one. */
  default Optional<T> ok() {
    return this instanceof Ok<T>(T value) ? Optional.of(value) : Optional.empty();
  }
}
