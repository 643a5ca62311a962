package io.vdi.operator.gate.desktop;

import io.vdi.operator.gate.revocation.Holder;
import io.vdi.operator.gate.revocation.Revocations;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which desktops the sign-ins have opened through this replica. A connection that is open is asked
 * for no more; so the gate must know where a revoked sign-in can have one.
 */
public final class OpenDesktops {
  private static final int MAX_ENTRIES = 50_000;

  private record Opening(String signInId, String uid) {}

  private record Opened(Holder holder, Desktop desktop) {}

  private final Map<Opening, Opened> opened = new ConcurrentHashMap<>();

  /** A request of this sign-in to this desktop was allowed. */
  public void allowed(Holder holder, Desktop desktop, Instant now) {
    Opening key = new Opening(holder.signInId(), desktop.uid());
    if (!opened.containsKey(key)) {
      if (opened.size() >= MAX_ENTRIES) {
        opened.values().removeIf(entry -> !entry.holder().expiresAt().isAfter(now));
      }
      opened.put(key, new Opened(holder, desktop));
    }
  }

  /** Removes the sign-ins that are revoked and returns the desktops that they have opened. */
  public Set<Desktop> takeRevoked(Revocations revocations) {
    Set<Desktop> revoked = new HashSet<>();
    opened
        .values()
        .removeIf(entry -> {
          boolean ends = revocations.cover(entry.holder());
          if (ends) {
            revoked.add(entry.desktop());
          }
          return ends;
        });
    return revoked;
  }
}
