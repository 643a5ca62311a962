package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.cache.DesiredStateCache;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * What the controller remembers of each session between two passes.
 *
 * <p>Only the workers create and forget entries. The work queue gives a key to one worker at a
 * time, and a deleted session is added to the queue once more. So the pass that finds the session
 * deleted comes after every pass that could have created an entry, and nothing is left behind. If
 * the thread of the watch forgot entries, a pass still in progress could create them again.
 */
public final class SessionMemory {
  /** The memory of the session with this UID. */
  record Entry(
      String uid,
      ResyncSchedule resync,
      StatusWriteThrottle statusWrites,
      DesiredStateCache desiredState,
      RestartBackoff restarts,
      StartRetry startRetry,
      FailureAge failures) {}

  private final Map<SessionKey, Entry> entries = new ConcurrentHashMap<>();
  private final RandomGenerator random;
  private final Consumer<String> onForget;

  /**
   * @param onForget called with the UID of each session that is forgotten
   */
  public SessionMemory(RandomGenerator random, Consumer<String> onForget) {
    this.random = random;
    this.onForget = onForget;
  }

  /** The memory of this session. Forgets an earlier session of the same name. */
  Entry of(VdiSession session) {
    SessionKey key = SessionKey.of(session);
    Entry known = entries.get(key);
    if (known != null && known.uid().equals(session.uid())) {
      return known;
    }
    forget(key);
    Entry fresh =
        new Entry(
            session.uid(),
            new ResyncSchedule(random),
            new StatusWriteThrottle(),
            new DesiredStateCache(),
            new RestartBackoff(),
            new StartRetry(),
            new FailureAge());
    entries.put(key, fresh);
    return fresh;
  }

  /** The session of this name does not exist. */
  void forget(SessionKey key) {
    Entry forgotten = entries.remove(key);
    if (forgotten != null) {
      onForget.accept(forgotten.uid());
    }
  }

  /** The number of sessions that are remembered. */
  int size() {
    return entries.size();
  }
}
