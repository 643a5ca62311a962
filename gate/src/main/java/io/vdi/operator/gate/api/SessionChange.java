package io.vdi.operator.gate.api;

import java.time.Duration;
import java.util.Optional;

/**
 * What changes; empty components stay.
 *
 * @param extendBy added to the timeout
 * @param timeout the new timeout; not together with {@code extendBy}
 */
public record SessionChange(
    Optional<Boolean> suspended, Optional<Duration> extendBy, Optional<Duration> timeout) {
  public static SessionChange suspended(boolean suspended) {
    return new SessionChange(Optional.of(suspended), Optional.empty(), Optional.empty());
  }

  public static SessionChange extendedBy(Duration by) {
    return new SessionChange(Optional.empty(), Optional.of(by), Optional.empty());
  }
}
