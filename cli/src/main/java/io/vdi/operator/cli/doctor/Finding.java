package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.Map;

/**
 * A problem that a check found.
 *
 * @param object the object with the problem, such as {@code pod alice-desktop in team-a}
 * @param observed the value that shows the problem
 * @param parameters the values for the remedy's command, see {@link KnownCause#command(Map)}
 */
public record Finding(
    KnownCause cause, String object, String observed, Map<String, String> parameters) {
  public Finding {
    parameters = Map.copyOf(parameters);
  }

  /** The command that fixes the problem or shows more about it, ready to copy. */
  public String command() {
    return cause.command(parameters);
  }
}
