package io.vdi.operator.common.diagnosis;

import java.util.List;
import java.util.Optional;

/** A message with a constant pattern, which the portal translates by the name of its constant. */
public interface PatternMessage {
  /** The English message with its placeholders. */
  MessagePattern pattern();

  /** The message with these values, one for each placeholder. */
  default String text(Object... values) {
    return pattern().text(values);
  }

  /** The values of a message; empty if it is another one. */
  default Optional<List<String>> values(String message) {
    return pattern().values(message);
  }

  /** The number of placeholders. */
  default int size() {
    return pattern().size();
  }
}
