package io.vdi.operator.reaper.activity;

/** The outcome of asking a desktop for its connected clients. */
sealed interface ProbeResult {
  /** The number of connected clients. */
  record ConnectedClients(int count) implements ProbeResult {}

  /** The server in the desktop has no such answer, so it was not asked. */
  record NotReported(String reason) implements ProbeResult {}

  /** No response, or one that does not contain the number of clients. */
  record NoAnswer(String reason) implements ProbeResult {}
}
