package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.SessionListener;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.Subscription;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The watches of users, which follow the watches of the gate. */
final class SessionWatches {
  private final Lookup lookup;
  private final Map<SessionKey, Set<Entry>> entries = new ConcurrentHashMap<>();

  /** What a caller sees of a session now. */
  @FunctionalInterface
  interface Lookup {
    /** Empty if the session of this UID does not exist, or the caller cannot see it. */
    Optional<SessionView> find(ApiUser caller, SessionKey key, String uid);
  }

  SessionWatches(Lookup lookup) {
    this.lookup = lookup;
  }

  Subscription add(ApiUser caller, VdiSession session, SessionListener listener) {
    SessionKey key = SessionKey.of(session);
    Entry entry = new Entry(caller, key, session.uid(), listener);
    entries.compute(
        key,
        (any, before) -> {
          Set<Entry> set = before == null ? ConcurrentHashMap.newKeySet() : before;
          set.add(entry);
          return set;
        });
    // After it is registered: no change is lost in between.
    entry.report();
    return entry;
  }

  /** Called on a thread of a watch. */
  void changed(SessionKey key) {
    entries.getOrDefault(key, Set.of()).forEach(Entry::report);
  }

  void close() {
    entries.values().forEach(set -> set.forEach(Entry::end));
  }

  private final class Entry implements Subscription {
    private final ApiUser caller;
    private final SessionKey key;
    private final String uid;
    private final SessionListener listener;
    private Optional<SessionView> last = Optional.empty();
    private boolean closed;

    private Entry(ApiUser caller, SessionKey key, String uid, SessionListener listener) {
      this.caller = caller;
      this.key = key;
      this.uid = uid;
      this.listener = listener;
    }

    private synchronized void report() {
      if (closed) {
        return;
      }
      Optional<SessionView> now = lookup.find(caller, key, uid);
      if (now.isEmpty()) {
        end();
      } else if (!now.equals(last)) {
        last = now;
        listener.changed(now.get());
      }
    }

    private synchronized void end() {
      if (!closed) {
        close();
        listener.ended();
      }
    }

    @Override
    public synchronized void close() {
      closed = true;
      entries.computeIfPresent(
          key,
          (any, set) -> {
            set.remove(this);
            return set.isEmpty() ? null : set;
          });
    }
  }
}
