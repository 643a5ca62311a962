package io.vdi.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.testing.FakeApiServer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fake API server reports the real time; the clock of the node is wrong. */
class ApiServerClockTest {
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private final FakeApiServer server = FakeApiServer.start();
  private final KubeClient api = server.client();
  private volatile Duration skew = Duration.ZERO;
  private final InstantSource nodeClock = () -> Instant.now().plus(skew);
  private final AtomicLong elapsed = new AtomicLong();
  private final ApiServerClock clock = new ApiServerClock(nodeClock, System::nanoTime);

  @AfterEach
  void stop() {
    api.close();
    server.close();
  }

  @Test
  void beforeTheFirstMeasurementTheNodeClockCounts() {
    skew = Duration.ofHours(1);
    ApiServerClock unmeasured = new ApiServerClock(nodeClock, System::nanoTime);
    assertThat(unmeasured.offset()).isZero();
    assertThat(unmeasured.instant())
        .isBetween(nodeClock.instant().minusSeconds(5), nodeClock.instant().plusSeconds(5));
  }

  @Test
  void aCorrectClockHasNoOffset() {
    clock.measure(api);
    assertThat(clock.offset()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {-3600, -60, -10, 10, 60, 3600})
  void aWrongClockIsCorrectedToWithinTwoSeconds(int seconds) {
    skew = Duration.ofSeconds(seconds);
    clock.measure(api);
    assertThat(Duration.between(Instant.now(), clock.instant()).abs())
        .as("error of a clock that is %s s wrong", seconds)
        .isLessThanOrEqualTo(TOLERANCE);
    assertThat(clock.offset().plus(skew).abs()).isLessThanOrEqualTo(TOLERANCE);
  }

  @Test
  void aClockThatIsSetCorrectlyLosesItsOffset() {
    skew = Duration.ofSeconds(60);
    clock.measure(api);
    skew = Duration.ZERO;
    clock.measure(api);
    assertThat(clock.offset()).isZero();
  }

  @Test
  void aClockThatIsSetBetweenTwoMeasurementsHasNoEffect() {
    ApiServerClock measured = new ApiServerClock(nodeClock, elapsed::get);
    measured.measure(api);
    Instant before = measured.instant();
    skew = Duration.ofHours(8);
    elapsed.addAndGet(Duration.ofSeconds(7).toNanos());
    assertThat(measured.instant()).isEqualTo(before.plusSeconds(7));
  }

  @Test
  void withoutAnAnswerTheTimeContinues() {
    ApiServerClock measured = new ApiServerClock(nodeClock, elapsed::get);
    skew = Duration.ofSeconds(60);
    measured.measure(api);
    Instant before = measured.instant();
    server.disconnect(request -> request.path().equals("/version"));
    skew = Duration.ofMinutes(10);
    elapsed.addAndGet(Duration.ofMinutes(5).toNanos());
    measured.measure(api);
    assertThat(measured.instant()).isEqualTo(before.plus(Duration.ofMinutes(5)));
  }

  @Test
  void withoutAnAnswerThePreviousOffsetStays() {
    skew = Duration.ofSeconds(60);
    clock.measure(api);
    Duration measured = clock.offset();
    server.disconnect(request -> request.path().equals("/version"));
    skew = Duration.ofMinutes(10);
    clock.measure(api);
    assertThat(clock.offset()).isEqualTo(measured);
  }
}
