package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Transport;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** How long a session's TURN credentials hold: as long as the session, and then they end too. */
public final class TurnCredentialLifetime {
  /** For the start-up, and for clocks that differ a little. */
  static final Duration SPARE = Duration.ofMinutes(15);

  private TurnCredentialLifetime() {}

  /** When credentials made now are to expire; empty where the session uses no relay. */
  public static Optional<Instant> expires(
      ObservedSession seen, SessionConfig settings, Instant now) {
    return seen.template()
        .filter(t ->
            settings.turn().isPresent()
                && Optional.ofNullable(t.spec().transport())
                    .filter(Transport::usesWebRtc)
                    .isPresent())
        .map(t -> Defaults.effectiveSpec(seen.session().spec(), t.spec()))
        .map(spec -> now.plus(spec.timeout()).plus(SPARE).plus(SPARE))
        .map(end -> end.truncatedTo(ChronoUnit.SECONDS));
  }

  static Optional<Instant> parse(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
