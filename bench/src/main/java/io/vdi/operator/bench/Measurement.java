package io.vdi.operator.bench;

import java.util.List;

/** The names of the measurements, as the report prints them and {@link Targets} finds them. */
final class Measurement {
  static final String START = "start";
  static final String BURST = "burst";
  static final String STEADY = "20/s";
  static final String STEADY_BARE = "bare, 20/s";
  static final String FLEET = "fleet";
  static final String REAPER = "reaper";
  static final String DESKTOP = "desktop";
  static final String DOCTOR = "doctor";
  static final String BARE_HANDLER = "bare handler";
  static final String MUTATE = "mutate";
  static final String VALIDATE = "validate";
  static final String CREATE_WITHOUT_WEBHOOK = "create, no webhook";
  static final String CREATE_WITH_WEBHOOK = "create, webhook";
  static final String GATE = "gate";
  static final String FLOOD = "flood";
  static final String PEER = "agent-sandbox";
  static final String PEER_WITH_CLAIMS = "agent-sandbox, claims";
  static final String SESSIONS = "sessions";
  static final String SESSIONS_WITH_HOMES = "sessions, homes";
  static final String CREATE_WITH_QUOTA = "create, exact quota";

  static final List<String> ADMISSION_PATHS = List.of(MUTATE, VALIDATE);

  /** With more than 64 clients the API server rejects some of their concurrent requests (429). */
  static final List<Integer> CLIENTS = List.of(8, 32, 64);

  static final List<String> LIMITS = CLIENTS.stream().map(Measurement::limit).toList();

  private Measurement() {}

  static String limit(int clients) {
    return "bare, " + clients + " clients";
  }
}
