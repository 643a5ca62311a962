package io.vdi.operator.reaper.execution;

import java.util.Set;

/**
 * Which sessions are past their end, according to the caches.
 *
 * @param expired the UIDs of the sessions that are due
 * @param all the UIDs of all sessions that are not being deleted
 */
public record ExpirySnapshot(Set<String> expired, Set<String> all) {
  public ExpirySnapshot {
    expired = Set.copyOf(expired);
    all = Set.copyOf(all);
  }
}
