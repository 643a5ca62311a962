package io.vdi.operator.reaper.activity;

/** What a desktop says of people. */
sealed interface ProbeResult {
  /** So many are connected. */
  record ConnectedClients(int count) implements ProbeResult {}

  /** None, or none that can be understood. */
  record NoAnswer(String why) implements ProbeResult {}
}
