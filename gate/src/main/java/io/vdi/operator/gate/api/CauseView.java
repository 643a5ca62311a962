package io.vdi.operator.gate.api;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.Map;

/**
 * A cause of the catalogue (docs/troubleshooting.md), in English.
 *
 * @param code such as {@code VDI201}; translations can use it as their key
 * @param symptom what the user observes, without a full stop
 * @param cause why it occurs
 * @param remedy how to fix it
 * @param command what fixes it or shows more, ready to copy
 * @param link the page and the anchor that describe it
 */
public record CauseView(
    String code, String symptom, String cause, String remedy, String command, String link) {
  /**
   * @param parameters of {@link KnownCause#command(Map)}
   */
  public static CauseView of(KnownCause cause, Map<String, String> parameters) {
    return new CauseView(
        cause.code(),
        cause.symptom(),
        cause.cause(),
        cause.remedy(),
        cause.command(parameters),
        cause.link());
  }
}
