package io.vdi.operator.reaper.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.reaper.execution.DeletionConfig.MassDeletionConfig;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MassDeletionGuardTest {
  private static final MassDeletionConfig LIMITS =
      new MassDeletionConfig(50, 10, false, Duration.ofMinutes(5));
  private static final MassDeletionConfig CONFIRMED =
      new MassDeletionConfig(50, 10, true, Duration.ofMinutes(5));

  private final Set<String> all = new HashSet<>();
  private final Set<String> expired = new HashSet<>();
  private long now;
  private final MassDeletionGuard guard =
      new MassDeletionGuard(() -> new ExpirySnapshot(expired, all), () -> now);

  @Test
  void halfOfAllSessionsMayBeDeleted() {
    sessions(100, 50);
    assertThat(mayDelete(LIMITS)).as("%s", guard.reason()).isTrue();
  }

  @Test
  void moreThanHalfEngagesTheGuardBeforeTheFirstDeletion() {
    sessions(100, 51);
    assertThat(mayDelete(LIMITS)).isFalse();
    assertThat(guard.reason())
        .isEqualTo(
            "51 of 100 sessions would be deleted within 300 s, more than 50 %: find out why, or set"
                + " confirmMassDeletion: true");
  }

  @Test
  void fewerThanTheMinimumMayAlwaysBeDeleted() {
    sessions(9, 9);
    assertThat(mayDelete(LIMITS)).as("%s", guard.reason()).isTrue();
  }

  @Test
  void earlierDeletionsWithinTheWindowCount() {
    sessions(100, 0);
    for (int i = 0; i < 50; i++) {
      expired.add("s" + i);
      assertThat(mayDelete(LIMITS)).as("%s", guard.reason()).isTrue();
      delete("s" + i);
      later(Duration.ofSeconds(5));
    }
    expired.add("s50");
    assertThat(mayDelete(LIMITS)).isFalse();
  }

  @Test
  void earlierDeletionsOutsideOfTheWindowDoNotCount() {
    sessions(100, 0);
    for (int i = 0; i < 80; i++) {
      expired.add("s" + i);
      later(Duration.ofSeconds(20));
      assertThat(mayDelete(LIMITS)).as("deletion %s: %s", i, guard.reason()).isTrue();
      delete("s" + i);
    }
  }

  @Test
  void aDeletionThatTheCacheDoesNotShowYetCountsOnce() {
    sessions(100, 40);
    for (int i = 0; i < 40; i++) {
      assertThat(mayDelete(LIMITS)).as("%s", guard.reason()).isTrue();
      guard.deleted("s" + i);
      later(Duration.ofMillis(300));
    }
  }

  @Test
  void itStaysEngagedWhenSessionsAreAddedAndReleasesWhenFewAreDue() {
    sessions(100, 60);
    assertThat(mayDelete(LIMITS)).isFalse();
    for (int i = 0; i < 100; i++) {
      all.add("new" + i);
    }
    later(Duration.ofSeconds(1));
    assertThat(mayDelete(LIMITS)).isFalse();
    expired.clear();
    expired.add("s1");
    later(Duration.ofSeconds(1));
    assertThat(mayDelete(LIMITS)).as("%s", guard.reason()).isTrue();
  }

  @Test
  void aConfirmationReleasesIt() {
    sessions(100, 100);
    assertThat(mayDelete(LIMITS)).isFalse();
    assertThat(mayDelete(CONFIRMED)).as("%s", guard.reason()).isTrue();
    assertThat(guard.isEngaged()).isFalse();
    assertThat(guard.reason()).isEmpty();
  }

  @Test
  void aChangeOfSettingsIsObservedImmediately() {
    sessions(100, 1);
    assertThat(mayDelete(LIMITS)).as("%s", guard.reason()).isTrue();
    for (int i = 0; i < 100; i++) {
      expired.add("s" + i);
    }
    guard.invalidate();
    assertThat(mayDelete(LIMITS)).isFalse();
  }

  private void sessions(int count, int due) {
    for (int i = 0; i < count; i++) {
      all.add("s" + i);
      if (i < due) {
        expired.add("s" + i);
      }
    }
  }

  private boolean mayDelete(MassDeletionConfig limits) {
    return guard.check(limits).isEmpty();
  }

  private void delete(String uid) {
    guard.deleted(uid);
    all.remove(uid);
    expired.remove(uid);
  }

  private void later(Duration time) {
    now += time.toNanos();
  }

  @Test
  void itStaysEngagedWhileMoreThanATenthIsDue() {
    sessions(60, 60);
    assertThat(mayDelete(LIMITS)).isFalse();
    expired.clear();
    for (int i = 0; i < 7; i++) {
      expired.add("s" + i);
    }
    later(Duration.ofSeconds(1));
    assertThat(mayDelete(LIMITS)).as("with 7 of 60 due").isFalse();
    expired.remove("s6");
    later(Duration.ofSeconds(1));
    assertThat(mayDelete(LIMITS)).as("with 6 of 60 due").isTrue();
  }

  @Test
  void oneSnapshotServesABurstOfChecks() {
    sessions(100, 1);
    int[] taken = {0};
    MassDeletionGuard counted =
        new MassDeletionGuard(
            () -> {
              taken[0]++;
              return new ExpirySnapshot(expired, all);
            },
            () -> now);
    for (int i = 0; i < 10; i++) {
      counted.check(LIMITS);
    }
    assertThat(taken[0]).as("snapshots").isEqualTo(1);
  }
}
