package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.Share;
import java.time.Duration;
import java.util.Optional;

/**
 * What changes; empty components stay.
 *
 * @param extendBy added to the timeout
 * @param timeout the new timeout; not together with {@code extendBy}
 * @param share is added, or replaces that of the same user
 * @param unshare the user whose share is removed
 */
public record SessionChange(
    Optional<Boolean> suspended,
    Optional<Duration> extendBy,
    Optional<Duration> timeout,
    Optional<Share> share,
    Optional<String> unshare) {
  /** Without a change of the guests. */
  public SessionChange(
      Optional<Boolean> suspended, Optional<Duration> extendBy, Optional<Duration> timeout) {
    this(suspended, extendBy, timeout, Optional.empty(), Optional.empty());
  }

  public static SessionChange shared(Share share) {
    return new SessionChange(
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(share), Optional.empty());
  }

  public static SessionChange unshared(String user) {
    return new SessionChange(
        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(user));
  }

  public static SessionChange suspended(boolean suspended) {
    return new SessionChange(Optional.of(suspended), Optional.empty(), Optional.empty());
  }

  public static SessionChange extendedBy(Duration by) {
    return new SessionChange(Optional.empty(), Optional.of(by), Optional.empty());
  }
}
