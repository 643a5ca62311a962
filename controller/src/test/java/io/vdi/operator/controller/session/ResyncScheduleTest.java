package io.vdi.operator.controller.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResyncScheduleTest {
  private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

  @Test
  void nothingIsDueAtTheStart() {
    ResyncSchedule schedule = new ResyncSchedule(new Random(1));
    assertThat(schedule.isDue(START)).isFalse();
    assertThat(schedule.isDue(START.plus(Duration.ofHours(4)).minusSeconds(1))).isFalse();
    assertThat(schedule.isDue(START.plus(Duration.ofHours(8)))).isTrue();
  }

  @Test
  void aResyncStaysDueUntilItIsDone() {
    ResyncSchedule schedule = new ResyncSchedule(new Random(1));
    schedule.isDue(START);
    Instant later = START.plus(Duration.ofHours(8));
    assertThat(schedule.isDue(later)).isTrue();
    assertThat(schedule.isDue(later.plusSeconds(30))).isTrue();
    schedule.done(later.plusSeconds(30));
    assertThat(schedule.isDue(later.plusSeconds(60))).isFalse();
    assertThat(schedule.isDue(later.plus(Duration.ofHours(9)))).isTrue();
  }

  @Test
  void sessionsAreResyncedAtDifferentTimes() {
    Random random = new Random(1);
    Set<Long> hours =
        IntStream.range(0, 200)
            .mapToObj(i -> new ResyncSchedule(random))
            .map(ResyncScheduleTest::hourOfFirstResync)
            .collect(Collectors.toSet());
    assertThat(hours).containsExactlyInAnyOrder(5L, 6L, 7L, 8L);
  }

  private static long hourOfFirstResync(ResyncSchedule schedule) {
    schedule.isDue(START);
    return IntStream.rangeClosed(1, 8)
        .filter(hour -> schedule.isDue(START.plus(Duration.ofHours(hour))))
        .findFirst()
        .orElseThrow();
  }
}
