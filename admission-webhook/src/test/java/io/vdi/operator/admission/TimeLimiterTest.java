package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.common.kube.ApiResult;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class TimeLimiterTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final TimeLimiter limiter = new TimeLimiter();

  @Test
  void returnsTheResultOfTheCall() {
    assertThat(limiter.call(LONG, () -> new ApiResult.Ok<>("found")))
        .isEqualTo(new ApiResult.Ok<>("found"));
    ApiResult<String> rejected = new ApiResult.Rejected<>(404, "NotFound", "not found");
    assertThat(limiter.call(LONG, () -> rejected)).isEqualTo(rejected);
  }

  @Test
  void aCallOverTheLimitIsUnreachable() {
    CountDownLatch never = new CountDownLatch(1);
    ApiResult<String> result =
        limiter.call(
            Duration.ofMillis(10),
            () -> {
              await(never);
              return new ApiResult.Ok<>("too late");
            });
    never.countDown();
    assertThat(result)
        .isEqualTo(new ApiResult.Unreachable<>("no answer from the API server within 1 s"));
  }

  @Test
  void anInterruptIsPassedOn() {
    CountDownLatch never = new CountDownLatch(1);
    Thread.currentThread().interrupt();
    ApiResult<String> result =
        limiter.call(
            LONG,
            () -> {
              await(never);
              return new ApiResult.Ok<>("too late");
            });
    never.countDown();
    assertThat(Thread.interrupted()).as("interrupted").isTrue();
    assertThat(result).isEqualTo(new ApiResult.Unreachable<>("the webhook is stopping"));
  }

  @Test
  void anExceptionOfTheCallIsThrown() {
    assertThatThrownBy(() ->
            limiter.call(
                LONG,
                () -> {
                  throw new IllegalArgumentException("a bug");
                }))
        .hasRootCauseMessage("a bug");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
