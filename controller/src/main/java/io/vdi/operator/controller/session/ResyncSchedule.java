package io.vdi.operator.controller.session;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * Every few hours all objects of a session are written again, also those that look right by their
 * hash: so what others changed in them is put right. The first time is some hours after the start,
 * at a time of the session's own, so that a restart writes nothing.
 */
public final class ResyncSchedule {
  private static final Duration EVERY = Duration.ofHours(4);

  private final Map<String, Instant> due = new ConcurrentHashMap<>();
  private final RandomGenerator random;

  public ResyncSchedule(RandomGenerator random) {
    this.random = random;
  }

  boolean isDue(String uid, Instant now) {
    return !now.isBefore(due.computeIfAbsent(uid, u -> later(now)));
  }

  void done(String uid, Instant now) {
    due.put(uid, later(now));
  }

  public void forget(String uid) {
    due.remove(uid);
  }

  private Instant later(Instant now) {
    return now.plus(EVERY).plusSeconds(random.nextLong(EVERY.toSeconds()));
  }
}
