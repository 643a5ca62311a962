package io.vdi.operator.gate.desktop;

import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;

/**
 * Which desktops the sign-ins have opened through this replica. A connection that is open is asked
 * for no more; so the gate must know where a sign-in that has ended can have one.
 */
public final class OpenDesktops {
  private static final int MAX_ENTRIES = 50_000;

  private record Opening(String signInId, String uid, Role role) {}

  private record Opened(Grant grant, Desktop desktop) {}

  private final Map<Opening, Opened> opened = new ConcurrentHashMap<>();

  /** A request with this access to this desktop was allowed. */
  public void allowed(Grant grant, Desktop desktop, Instant now) {
    Opening key = new Opening(grant.holder().signInId(), desktop.uid(), grant.role());
    Opened known = opened.get(key);
    if (known == null || !known.grant().equals(grant)) {
      if (opened.size() >= MAX_ENTRIES) {
        opened.values().removeIf(entry -> !entry.grant().holder().expiresAt().isAfter(now));
      }
      opened.put(key, new Opened(grant, desktop));
    }
  }

  /** Removes the accesses that have ended and returns their desktops. */
  public Set<Desktop> takeEnded(BiPredicate<Grant, Desktop> hasEnded) {
    Set<Desktop> taken = new HashSet<>();
    opened
        .values()
        .removeIf(entry -> {
          boolean ends = hasEnded.test(entry.grant(), entry.desktop());
          if (ends) {
            taken.add(entry.desktop());
          }
          return ends;
        });
    return taken;
  }
}
