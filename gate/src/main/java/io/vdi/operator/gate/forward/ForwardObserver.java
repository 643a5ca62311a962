package io.vdi.operator.gate.forward;

import java.time.Duration;

/** Is notified of each answer to the router. */
@FunctionalInterface
public interface ForwardObserver {
  /**
   * @param duration from the request until the answer was sent
   */
  void answered(ForwardResult result, Duration duration);
}
