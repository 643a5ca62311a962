package io.vdi.operator.reaper.execution;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers when this process first observed objects in a certain state. The memory is lost with
 * the process: after a restart a state counts from its next observation, so nothing is deleted too
 * early.
 */
final class FirstObserved {
  private final Map<String, Instant> byUid = new ConcurrentHashMap<>();

  /** Remembers {@code now} unless there is an earlier observation; returns the earlier one. */
  Instant observe(String uid, Instant now) {
    return byUid.computeIfAbsent(uid, first -> now);
  }

  Optional<Instant> since(String uid) {
    return Optional.ofNullable(byUid.get(uid));
  }

  void forget(String uid) {
    byUid.remove(uid);
  }
}
