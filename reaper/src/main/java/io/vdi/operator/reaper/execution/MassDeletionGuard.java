package io.vdi.operator.reaper.execution;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Stops all deletions of sessions where too many would go at once: that is more likely a mistake (a
 * clock, a template, a setting) than what people want. Once engaged it holds until it is released
 * by hand, or until hardly any session would go any more.
 */
public final class MassDeletionGuard {
  /** A look at all sessions is good for this long. */
  private static final long GOOD_FOR = Duration.ofMillis(250).toNanos();

  /** With no more than this part of all sessions to go it lets go by itself. */
  private static final int LETS_GO_PERCENT = 10;

  /**
   * @param going the UIDs of the sessions that have had their time
   * @param all the UIDs of all sessions that are not being deleted
   */
  record ExpirySnapshot(Set<String> going, Set<String> all) {}

  private final Supplier<ExpirySnapshot> census;
  private final LongSupplier nanoTime;
  private final Map<String, Long> deleted = new HashMap<>();
  private Optional<ExpirySnapshot> known = Optional.empty();
  private long knownAt;
  private Optional<String> engaged = Optional.empty();

  MassDeletionGuard(Supplier<ExpirySnapshot> census, LongSupplier nanoTime) {
    this.census = census;
    this.nanoTime = nanoTime;
  }

  /** Why no session may be deleted now, or empty where one may. */
  synchronized Optional<String> check(ReapConfig.MassDeletion limits) {
    if (limits.confirmed()) {
      engaged = Optional.empty();
      return engaged;
    }
    long now = nanoTime.getAsLong();
    deleted.values().removeIf(at -> now - at > limits.window().toNanos());
    if (known.isEmpty() || now - knownAt > GOOD_FOR) {
      known = Optional.of(census.get());
      knownAt = now;
    }
    Set<String> going = union(known.get().going());
    int all = union(known.get().all()).size();
    if (going.size() >= limits.minimum() && exceeds(going.size(), limits.percent(), all)) {
      engaged =
          Optional.of(
              going.size()
                  + " of "
                  + all
                  + " sessions would be deleted within "
                  + limits.window().toSeconds()
                  + " s, more than "
                  + limits.percent()
                  + " %: find out why, or set confirmMassDeletion: true");
    } else if (engaged.isPresent()) {
      int left = known.get().going().size();
      if (left < limits.minimum() && !exceeds(left, LETS_GO_PERCENT, all)) {
        engaged = Optional.empty();
      }
    }
    return engaged;
  }

  /** A session was deleted. */
  synchronized void deleted(String uid) {
    deleted.put(uid, nanoTime.getAsLong());
  }

  /** What was known of all sessions holds no longer, for a template or setting has changed. */
  synchronized void lookAnew() {
    known = Optional.empty();
  }

  /** Whether it holds now. */
  public synchronized boolean isEngaged() {
    return engaged.isPresent();
  }

  /** Why it holds, or empty. */
  public synchronized String why() {
    return engaged.orElse("");
  }

  private Set<String> union(Set<String> uids) {
    Set<String> all = new HashSet<>(uids);
    all.addAll(deleted.keySet());
    return all;
  }

  private static boolean exceeds(int part, int percent, int all) {
    return part * 100L > (long) percent * all;
  }
}
