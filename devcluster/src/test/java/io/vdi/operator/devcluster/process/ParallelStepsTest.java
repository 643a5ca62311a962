package io.vdi.operator.devcluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.devcluster.process.ParallelSteps.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ParallelStepsTest {
  private Instant now = Instant.EPOCH;

  private final ParallelSteps steps =
      new ParallelSteps(
          List.of(
              List.of(step("Kubernetes", 200), step("Traefik", 100)),
              List.of(step("desktop", 120))),
          () -> now);

  @Test
  void atFirstTheUsualTimeOfTheLongestLaneIsLeft() {
    assertThat(steps.left()).isEqualTo(Duration.ofMinutes(5));
    pass(60);
    assertThat(steps.report())
        .isEqualTo("20 % done, about 4 minutes left; in progress: Kubernetes, desktop");
  }

  @Test
  void theRestIsExpectedToBeAsSlowAsWhatIsDone() {
    pass(400);
    steps.end(0);
    assertThat(steps.left()).isEqualTo(Duration.ofSeconds(200));
    pass(50);
    assertThat(steps.left()).isEqualTo(Duration.ofSeconds(150));
  }

  @Test
  void aStepThatTakesLongerThanUsualEndsAnyMoment() {
    pass(119);
    steps.end(1);
    pass(500);
    assertThat(steps.left()).isBetween(Duration.ofSeconds(100), Duration.ofSeconds(115));
  }

  @Test
  void aResultFromACacheSaysNothingAboutThePace() {
    steps.end(0);
    assertThat(steps.left()).isEqualTo(Duration.ofMinutes(2));
  }

  @Test
  void nothingIsLeftAtTheEnd() {
    steps.end(1);
    steps.end(0);
    steps.end(0);
    assertThat(steps.left()).isZero();
  }

  @Test
  void lanesRunSideBySideAndTheirStepsInOrder() {
    CountDownLatch second = new CountDownLatch(1);
    Queue<String> done = new ConcurrentLinkedQueue<>();
    ParallelSteps.run(
        List.of(
            List.of(
                new Step("waits", Duration.ZERO, () -> await(second)),
                new Step("last", Duration.ZERO, () -> done.add("last"))),
            List.of(
                new Step(
                    "first",
                    Duration.ZERO,
                    () -> {
                      done.add("first");
                      second.countDown();
                    }))));
    assertThat(done).containsExactly("first", "last");
  }

  @Test
  void aFailureIsThatOfTheStep() {
    CountDownLatch never = new CountDownLatch(1);
    assertThatThrownBy(() ->
            ParallelSteps.run(
                List.of(
                    List.of(new Step("waits", Duration.ZERO, () -> await(never))),
                    List.of(
                        new Step(
                            "fails",
                            Duration.ZERO,
                            () -> {
                              throw new ClusterException("no disk space is left");
                            })))))
        .isInstanceOf(ClusterException.class)
        .hasMessage("no disk space is left");
  }

  private static Step step(String name, int seconds) {
    return new Step(name, Duration.ofSeconds(seconds), () -> {});
  }

  private void pass(int seconds) {
    now = now.plusSeconds(seconds);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
