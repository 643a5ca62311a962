package io.vdi.operator.cli.doctor;

import io.vdi.operator.common.diagnosis.KnownCause;
import java.util.Map;

/**
 * Something that is wrong.
 *
 * @param object what was looked at: {@code pod alice-desktop}
 * @param seen the value there
 * @param words for the remedy's command, see {@link KnownCause#command(Map)}
 */
public record Finding(KnownCause cause, String object, String seen, Map<String, String> words) {
  public Finding {
    words = Map.copyOf(words);
  }

  /** The exact command that mends it or shows the way. */
  public String command() {
    return cause.command(words);
  }
}
