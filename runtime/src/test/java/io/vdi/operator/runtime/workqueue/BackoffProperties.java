package io.vdi.operator.runtime.workqueue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BackoffProperties {
  @Property
  void delayIsBetweenHalfAndWholeOfTheStepAndAtMostTheCeiling(
      @ForAll @IntRange(min = 1, max = 1000) int failures, @ForAll long seed) {
    Duration delay = Backoff.STANDARD.delay(failures, new Random(seed));
    long full = Math.min(100L << Math.min(failures - 1, 20), Duration.ofMinutes(1).toMillis());
    assertThat(delay.toMillis()).isBetween(full / 2, full);
  }
}
