package io.vdi.operator.gate.api;

/** Ends a {@link Desktops#watch}. */
public interface Subscription extends AutoCloseable {
  /** No call of the listener begins after it. It can be called more than once. */
  @Override
  void close();
}
