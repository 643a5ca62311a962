package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.Transport;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.SessionConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The order to issue TURN credentials; docs/specification.md, section 2. They expire a little after
 * the session and after {@code turn.credentialLifetime} at the latest, because the TURN server
 * cannot revoke them: a client that got hold of them can use it until then.
 *
 * @param secretFile path of the file with the secret that is shared with the TURN server
 * @param expires when credentials that are issued now expire
 * @param needed until when existing credentials must be valid, so that none are issued now
 */
public record TurnGrant(String secretFile, Instant expires, Instant needed) {
  /** For the start of the desktop, and for clocks that differ. */
  static final Duration MARGIN = Duration.ofMinutes(15);

  /** The grant for credentials that are issued now; empty if the session uses no TURN server. */
  static Optional<TurnGrant> of(
      VdiSession session,
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
        .map(turn -> {
          Optional<Instant> start = session.status().startedAt();
          // A session that is overdue keeps working credentials until it is deleted.
          Instant end = later(start.orElse(now).plus(spec.lifetime()), now);
          // A desktop that has started slowly needs no new credentials for that reason.
          Instant margin = start.isPresent() ? end : end.plus(MARGIN);
          return new TurnGrant(
              turn.secretFile(),
              earlier(end.plus(MARGIN).plus(MARGIN), now.plus(turn.credentialLifetime()))
                  .truncatedTo(ChronoUnit.SECONDS),
              earlier(margin, now.plus(turn.credentialLifetime().dividedBy(2)))
                  .truncatedTo(ChronoUnit.SECONDS));
        });
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  /**
   * Whether the credentials in this Secret last long enough, and not longer than new ones would,
   * such as those of a release that issued them for the whole timeout.
   */
  boolean isCoveredBy(ObjectMeta secret) {
    return secret
        .time(Annotations.TURN_EXPIRES)
        .filter(end -> !end.isBefore(needed) && !end.isAfter(expires.plus(MARGIN)))
        .isPresent();
  }
}
