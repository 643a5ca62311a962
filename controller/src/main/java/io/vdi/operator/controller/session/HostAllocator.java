package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.HostNames;
import io.vdi.operator.common.model.VdiSession;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who has which host, spec.md section 2: the one that has it keeps it. Claims are made one at a
 * time by the one leader; after a restart they are taken over from what stands in status and routes
 * before the first session is worked on.
 */
public final class HostAllocator {
  private static final int HASH = 8;
  private static final int LONGEST_HASH = 40;

  private final Map<String, String> ownerOf = new HashMap<>();
  private final Map<String, String> hostOf = new HashMap<>();

  /**
   * The host of a session: the one it has, else the one it is known by, else a new one.
   *
   * @param known what status or route say; believed only where nobody else has it and it is one
   *     that this session may have, for users can write these too
   */
  public synchronized String claim(VdiSession session, Optional<String> known) {
    String uid = session.uid();
    String has = hostOf.get(uid);
    if (has != null) {
      return has;
    }
    String email = session.spec().user();
    String preferred = HostNames.preferred(email);
    if (known.isPresent() && isOwn(session, known.get()) && tryClaim(known.get(), uid)) {
      return known.get();
    }
    if (tryClaim(preferred, uid)) {
      return preferred;
    }
    for (int length = HASH; length < LONGEST_HASH; length += HASH) {
      String distinct = HostNames.distinct(email, session.namespace(), session.name(), length);
      if (tryClaim(distinct, uid)) {
        return distinct;
      }
    }
    throw new IllegalStateException(
        "no host left for " + session.namespace() + "/" + session.name());
  }

  /** The session with this UID has gone: its host is free. */
  public synchronized void release(String uid) {
    String host = hostOf.remove(uid);
    if (host != null) {
      ownerOf.remove(host);
    }
  }

  private static boolean isOwn(VdiSession session, String host) {
    String email = session.spec().user();
    if (host.equals(HostNames.preferred(email))) {
      return true;
    }
    for (int length = HASH; length < LONGEST_HASH; length += HASH) {
      if (host.equals(HostNames.distinct(email, session.namespace(), session.name(), length))) {
        return true;
      }
    }
    return false;
  }

  private boolean tryClaim(String host, String uid) {
    if (ownerOf.putIfAbsent(host, uid) != null) {
      return false;
    }
    hostOf.put(uid, host);
    return true;
  }
}
