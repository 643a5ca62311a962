package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Transport;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The order to issue TURN credentials; docs/specification.md, section 2. They expire a little after
 * the session, so that a client that got hold of them cannot use the TURN server afterwards.
 *
 * @param secretFile path of the file with the secret that is shared with the TURN server
 */
public record TurnGrant(String secretFile, Instant expires) {
  /** For the start of the desktop, and for clocks that differ. */
  static final Duration MARGIN = Duration.ofMinutes(15);

  /** The grant for credentials that are issued now; empty if the session uses no TURN server. */
  static Optional<TurnGrant> of(
      Optional<VdiTemplate> template,
      Defaults.EffectiveSpec spec,
      SessionConfig config,
      Instant now) {
    boolean usesWebRtc =
        template
            .flatMap(found -> Optional.ofNullable(found.spec().transport()))
            .filter(Transport::usesWebRtc)
            .isPresent();
    return config
        .turn()
        .filter(turn -> usesWebRtc)
        .map(turn ->
            new TurnGrant(
                turn.secretFile(),
                now.plus(spec.timeout())
                    .plus(MARGIN)
                    .plus(MARGIN)
                    .truncatedTo(ChronoUnit.SECONDS)));
  }

  /**
   * Whether the credentials in this Secret last long enough. The margin keeps a pod that is
   * recreated soon from getting new ones.
   */
  boolean isCoveredBy(ObjectMeta secret) {
    return secret
        .annotation(Annotations.TURN_EXPIRES)
        .flatMap(TurnGrant::parse)
        .filter(end -> !end.isBefore(expires.minus(MARGIN)))
        .isPresent();
  }

  private static Optional<Instant> parse(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
