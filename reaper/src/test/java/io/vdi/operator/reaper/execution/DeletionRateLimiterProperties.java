package io.vdi.operator.reaper.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class DeletionRateLimiterProperties {
  @Property
  void noMinuteHasMoreDeletionsThanAllowedAndNoneWaitsWithoutNeed(
      @ForAll @IntRange(min = 1, max = 20) int perMinute,
      @ForAll @Size(max = 100) List<@IntRange(max = 20) Integer> pauses) {
    AtomicLong now = new AtomicLong(1);
    DeletionRateLimiter limiter = new DeletionRateLimiter(now::get);
    List<Long> taken = new ArrayList<>();
    for (int pause : pauses) {
      now.addAndGet(Duration.ofSeconds(pause).toNanos());
      Optional<Duration> wait = limiter.tryAcquire(perMinute);
      long inLastMinute = taken.stream().filter(at -> now.get() - at < 60_000_000_000L).count();
      assertThat(wait.isEmpty())
          .as("allowed after %s deletions in the last minute", inLastMinute)
          .isEqualTo(inLastMinute < perMinute);
      if (wait.isEmpty()) {
        taken.add(now.get());
      } else {
        now.addAndGet(wait.get().toNanos());
        assertThat(limiter.tryAcquire(perMinute)).as("delay after the wait").isEmpty();
        taken.add(now.get());
      }
    }
  }
}
