package io.vdi.operator.reaper.execution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vdi.operator.reaper.execution.ReapConfig.MassDeletion;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MassDeletionGuardTest {
  private static final MassDeletion LIMITS = new MassDeletion(50, 10, false, Duration.ofMinutes(5));
  private static final MassDeletion CONFIRMED =
      new MassDeletion(50, 10, true, Duration.ofMinutes(5));

  private final Set<String> all = new HashSet<>();
  private final Set<String> going = new HashSet<>();
  private long now;
  private final MassDeletionGuard brake =
      new MassDeletionGuard(
          () -> new MassDeletionGuard.ExpirySnapshot(new HashSet<>(going), new HashSet<>(all)),
          () -> now);

  @Test
  void halfOfAllMayGo() {
    sessions(100, 50);
    assertTrue(check(LIMITS));
  }

  @Test
  void moreThanHalfMayNotAndNothingIsDeletedBeforeThatIsSeen() {
    sessions(100, 51);
    assertTrue(!check(LIMITS));
    assertEquals(
        "51 of 100 sessions would be deleted within 300 s, more than 50 %: find out why, or set"
            + " confirmMassDeletion: true",
        brake.why());
  }

  @Test
  void aHandfulMayAlwaysGo() {
    sessions(9, 9);
    assertTrue(check(LIMITS));
  }

  @Test
  void whatWasDeletedBeforeCountsToo() {
    sessions(100, 0);
    for (int i = 0; i < 50; i++) {
      going.add("s" + i);
      assertTrue(check(LIMITS));
      delete("s" + i);
      later(Duration.ofSeconds(5));
    }
    going.add("s50");
    assertTrue(!check(LIMITS));
  }

  @Test
  void overALongerTimeMostMayGo() {
    sessions(100, 0);
    for (int i = 0; i < 80; i++) {
      going.add("s" + i);
      later(Duration.ofSeconds(20));
      assertTrue(check(LIMITS), "the " + i + "th");
      delete("s" + i);
    }
  }

  @Test
  void aDeletionThatTheCacheDoesNotShowYetIsNotCountedTwice() {
    sessions(100, 40);
    for (int i = 0; i < 40; i++) {
      assertTrue(check(LIMITS));
      brake.deleted("s" + i);
      later(Duration.ofMillis(300));
    }
  }

  @Test
  void itHoldsWhenSessionsAreAddedAndLetsGoWhenTheReasonHasGone() {
    sessions(100, 60);
    assertTrue(!check(LIMITS));
    for (int i = 0; i < 100; i++) {
      all.add("new" + i);
    }
    later(Duration.ofSeconds(1));
    assertTrue(!check(LIMITS));
    going.clear();
    going.add("s1");
    later(Duration.ofSeconds(1));
    assertTrue(check(LIMITS));
  }

  @Test
  void aConfirmationReleasesIt() {
    sessions(100, 100);
    assertTrue(!check(LIMITS));
    assertTrue(check(CONFIRMED));
    assertTrue(!brake.isEngaged());
  }

  @Test
  void aChangeOfRulesIsSeenAtOnce() {
    sessions(100, 1);
    assertTrue(check(LIMITS));
    for (int i = 0; i < 100; i++) {
      going.add("s" + i);
    }
    brake.lookAnew();
    assertTrue(!check(LIMITS));
  }

  private void sessions(int count, int over) {
    for (int i = 0; i < count; i++) {
      all.add("s" + i);
      if (i < over) {
        going.add("s" + i);
      }
    }
  }

  private boolean check(MassDeletion limits) {
    return brake.check(limits).isEmpty();
  }

  private void delete(String uid) {
    brake.deleted(uid);
    all.remove(uid);
    going.remove(uid);
  }

  private void later(Duration time) {
    now += time.toNanos();
  }
}
