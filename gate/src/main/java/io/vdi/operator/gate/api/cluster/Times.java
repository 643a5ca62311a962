package io.vdi.operator.gate.api.cluster;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/** Times in annotations, which anybody with the permission can write. */
final class Times {
  private Times() {}

  static Optional<Instant> parse(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
