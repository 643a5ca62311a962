package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiSession;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StartRetryTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Optional<String> HASH = Optional.of("a1");
  private static final VdiSession GIVEN_UP = session("Failed");

  private final StartRetry retry = new StartRetry();

  @Test
  void aStartThatWasGivenUpIsTriedAgainAfterFiveMinutes() {
    assertThat(retry.isDue(GIVEN_UP, HASH, NOON)).isFalse();
    assertThat(retry.isDue(GIVEN_UP, HASH, NOON.plus(Duration.ofSeconds(299)))).isFalse();
    assertThat(retry.isDue(GIVEN_UP, HASH, NOON.plus(Duration.ofMinutes(5)))).isTrue();
  }

  @Test
  void aChangeOfTheDesiredPodRetriesImmediately() {
    assertThat(retry.isDue(GIVEN_UP, HASH, NOON)).isFalse();
    assertThat(retry.isDue(GIVEN_UP, Optional.empty(), NOON)).as("no template").isFalse();
    assertThat(retry.isDue(GIVEN_UP, Optional.of("b2"), NOON)).isTrue();
  }

  @Test
  void theNextFailureStartsTheTimeAgain() {
    retry.isDue(GIVEN_UP, HASH, NOON);
    assertThat(retry.isDue(session("Creating"), HASH, NOON.plusSeconds(300))).isFalse();
    assertThat(retry.isDue(GIVEN_UP, HASH, NOON.plusSeconds(600))).isFalse();
    assertThat(retry.isDue(GIVEN_UP, HASH, NOON.plusSeconds(900))).isTrue();
  }

  private static VdiSession session(String phase) {
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, uid: u1}, status: {phase: "
                + phase
                + ", conditions: [{type: Ready, status: 'False', reason: StartupTimeout}]}}",
            VdiSession.class);
  }
}
