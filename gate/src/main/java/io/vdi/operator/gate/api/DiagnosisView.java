package io.vdi.operator.gate.api;

import io.vdi.operator.common.diagnosis.Layer;
import io.vdi.operator.common.model.SessionKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The checks of one session, in their order.
 *
 * @param at when they ran
 */
public record DiagnosisView(SessionKey key, Instant at, List<Check> checks) {
  public DiagnosisView {
    checks = List.copyOf(checks);
  }

  /**
   * One check.
   *
   * @param name never changes, such as {@code placed}; that of the same check of {@code kubectl vdi
   *     doctor}
   * @param title for people, in English
   * @param observed what was found, or why the check was skipped
   * @param cause with the remedy; present if and only if the check failed
   */
  public record Check(
      String name,
      Layer layer,
      String title,
      Result result,
      String observed,
      Optional<CauseView> cause) {}

  /** How a check ended. */
  public enum Result {
    PASSED,
    /** There is a problem, but the session works. */
    WARNING,
    FAILED,
    SKIPPED
  }
}
