package io.vdi.operator.reaper.execution;

import static org.junit.jupiter.api.Assertions.assertTrue;

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
  void inNoMinuteMoreThanAllowedAndNobodyWaitsWithoutNeed(
      @ForAll @IntRange(min = 1, max = 20) int perMinute,
      @ForAll @Size(max = 100) List<@IntRange(max = 20) Integer> pauses) {
    AtomicLong now = new AtomicLong(1);
    DeletionRateLimiter budget = new DeletionRateLimiter(now::get);
    List<Long> taken = new ArrayList<>();
    for (int pause : pauses) {
      now.addAndGet(Duration.ofSeconds(pause).toNanos());
      Optional<Duration> wait = budget.take(perMinute);
      long inLastMinute = taken.stream().filter(at -> now.get() - at < 60_000_000_000L).count();
      assertTrue(wait.isEmpty() == inLastMinute < perMinute);
      if (wait.isEmpty()) {
        taken.add(now.get());
      } else {
        now.addAndGet(wait.get().toNanos());
        assertTrue(budget.take(perMinute).isEmpty(), "after the wait there is room");
        taken.add(now.get());
      }
    }
  }
}
