package io.vdi.operator.gate.portal;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The open streams of this replica, which has a limit for each user. */
final class Streams {
  /** A browser has a stream for each open page of a session. */
  static final int MAX_OF_USER = 20;

  private final Duration heartbeat;
  private final Map<String, Set<SessionStream>> byUser = new ConcurrentHashMap<>();
  private volatile boolean isClosed;

  Streams(Duration heartbeat) {
    this.heartbeat = heartbeat;
  }

  /** A new stream; empty if the user has too many, or if the gate stops. */
  Optional<SessionStream> open(String user) {
    if (isClosed) {
      return Optional.empty();
    }
    SessionStream stream = new SessionStream(heartbeat);
    Set<SessionStream> all =
        byUser.compute(
            user,
            (key, streams) -> {
              Set<SessionStream> open = streams == null ? ConcurrentHashMap.newKeySet() : streams;
              if (open.size() < MAX_OF_USER) {
                open.add(stream);
              }
              return open;
            });
    if (isClosed) {
      stream.stop();
    }
    return all.contains(stream) ? Optional.of(stream) : Optional.empty();
  }

  void closed(String user, SessionStream stream) {
    byUser.computeIfPresent(
        user,
        (key, streams) -> {
          streams.remove(stream);
          return streams.isEmpty() ? null : streams;
        });
  }

  /** Ends all, and allows no more. */
  void close() {
    isClosed = true;
    byUser.values().forEach(streams -> streams.forEach(SessionStream::stop));
  }
}
