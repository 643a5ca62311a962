package io.vdi.operator.controller;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The sessions that no worker has looked at yet. */
final class Newcomers {
  private final Set<SessionKey> keys = ConcurrentHashMap.newKeySet();
  private final int many;

  /**
   * @param many more than this are many
   */
  Newcomers(int many) {
    this.many = many;
  }

  void arrived(SessionKey key) {
    keys.add(key);
  }

  /** A worker looks at it, or it has gone. */
  void begun(SessionKey key) {
    keys.remove(key);
  }

  boolean areMany() {
    return keys.size() > many;
  }
}
