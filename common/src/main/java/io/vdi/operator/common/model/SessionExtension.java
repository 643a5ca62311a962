package io.vdi.operator.common.model;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * What a user changes to continue a session beyond its next end: its timeout, and the time before
 * which its schedule does not stop it; docs/specification.md, section 5.
 *
 * @param timeout the new {@code spec.timeout}
 * @param awakeUntil the new {@code spec.awakeUntil}; empty: it stays as it is
 */
public record SessionExtension(Duration timeout, Optional<Instant> awakeUntil) {
  /**
   * Adds to the timeout. If the schedule stops the session earlier, the stop is moved by that much
   * instead, and the timeout is raised only as far as necessary.
   */
  public static SessionExtension by(
      Duration added, VdiSession session, Defaults.EffectiveSpec spec, Instant now) {
    Optional<Instant> started = session.status().startedAt();
    Optional<Instant> stop =
        stop(session, spec, now)
            .filter(
                at -> started.filter(start -> at.isBefore(start.plus(spec.timeout()))).isPresent());
    if (stop.isEmpty()) {
      return to(spec.timeout().plus(added), session, spec, now);
    }
    // A stop whose warning is late has passed already.
    Instant from = stop.get().isBefore(now) ? now : stop.get();
    Instant until = from.plus(added).truncatedTo(ChronoUnit.SECONDS);
    Duration necessary = Duration.between(started.get(), until);
    return new SessionExtension(
        necessary.compareTo(spec.timeout()) > 0 ? necessary : spec.timeout(), Optional.of(until));
  }

  /** Sets the timeout. If the schedule stops the session earlier, that stop waits for its end. */
  public static SessionExtension to(
      Duration timeout, VdiSession session, Defaults.EffectiveSpec spec, Instant now) {
    return new SessionExtension(
        timeout,
        session
            .status()
            .startedAt()
            .map(start -> start.plus(timeout))
            .filter(end -> stop(session, spec, now).filter(end::isAfter).isPresent()));
  }

  /**
   * When its schedule stops the session; empty while it has not started, or if there is no stop.
   */
  public static Optional<Instant> stop(
      VdiSession session, Defaults.EffectiveSpec spec, Instant now) {
    return session
        .status()
        .startedAt()
        .filter(_ -> !session.spec().suspended())
        .flatMap(start ->
            spec.schedule()
                .calendar()
                .stop(start, Optional.ofNullable(session.spec().awakeUntil()), now));
  }
}
