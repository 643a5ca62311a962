package io.vdi.operator.reaper.activity;

import java.time.Duration;
import java.util.Optional;

/** The outcome of asking a desktop for its connected clients. */
sealed interface ProbeResult {
  /**
   * The number of connected clients.
   *
   * @param sinceInput the time since the last input of any client; empty if it is not reported
   */
  record ConnectedClients(int count, Optional<Duration> sinceInput) implements ProbeResult {}

  /** The server in the desktop has no such answer, so it was not asked. */
  record NotReported(String reason) implements ProbeResult {}

  /** No response, or one that does not contain the number of clients. */
  record NoAnswer(String reason) implements ProbeResult {}
}
