package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SessionExtensionTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration TWO_HOURS = Duration.ofHours(2);

  private static final String STOP_AT_18 =
      ", schedule: [{days: [Mon, Tue, Wed, Thu, Fri], stop: '18:00', timeZone: UTC}]";

  @Test
  @DisplayName("without a schedule the timeout is raised")
  void withoutSchedule() {
    assertThat(extend("timeout: 8h", NOON))
        .isEqualTo(new SessionExtension(Duration.ofHours(10), Optional.empty()));
  }

  @Test
  @DisplayName("a stop before the timeout is postponed, and the timeout raised if necessary")
  void stopBeforeTheTimeout() {
    assertThat(extend("timeout: 20h" + STOP_AT_18, NOON))
        .isEqualTo(
            new SessionExtension(
                Duration.ofHours(20), Optional.of(Instant.parse("2026-11-26T20:00:00Z"))));
    assertThat(extend("timeout: 9h" + STOP_AT_18, NOON))
        .as("the desktop was started at 10:00")
        .isEqualTo(
            new SessionExtension(
                Duration.ofHours(10), Optional.of(Instant.parse("2026-11-26T20:00:00Z"))));
  }

  @Test
  @DisplayName("a timeout before the stop is raised, and the stop postponed if necessary")
  void timeoutBeforeTheStop() {
    assertThat(extend("timeout: 4h" + STOP_AT_18, NOON))
        .isEqualTo(new SessionExtension(Duration.ofHours(6), Optional.empty()));
    assertThat(extend("timeout: 7h" + STOP_AT_18, NOON))
        .isEqualTo(
            new SessionExtension(
                Duration.ofHours(9), Optional.of(Instant.parse("2026-11-26T19:00:00Z"))));
  }

  @Test
  @DisplayName("a stop that is late is postponed from now, and a postponed stop again")
  void postponedAgain() {
    Instant late = Instant.parse("2026-11-26T18:05:00.5Z");
    assertThat(extend("timeout: 20h" + STOP_AT_18, late).awakeUntil())
        .contains(Instant.parse("2026-11-26T20:05:00Z"));
    assertThat(
            extend("timeout: 20h, awakeUntil: '2026-11-26T20:00:00Z'" + STOP_AT_18, NOON)
                .awakeUntil())
        .contains(Instant.parse("2026-11-26T22:00:00Z"));
  }

  @Test
  @DisplayName("a timeout that is set postpones an earlier stop")
  void toTimeout() {
    VdiSession session = session("timeout: 7h" + STOP_AT_18);
    assertThat(SessionExtension.to(Duration.ofHours(12), session, spec(session), NOON))
        .isEqualTo(
            new SessionExtension(
                Duration.ofHours(12), Optional.of(Instant.parse("2026-11-26T22:00:00Z"))));
  }

  private static SessionExtension extend(String spec, Instant now) {
    VdiSession session = session(spec);
    return SessionExtension.by(TWO_HOURS, session, spec(session), now);
  }

  private static Defaults.EffectiveSpec spec(VdiSession session) {
    return Defaults.effectiveSpec(session.spec(), VdiTemplate.Spec.EMPTY);
  }

  private static VdiSession session(String spec) {
    return KubeGson.gson()
        .fromJson(
            "{spec: {%s}, status: {startTime: '2026-11-26T10:00:00Z'}}".formatted(spec),
            VdiSession.class);
  }
}
