package io.vdi.operator.reaper.execution;

import io.vdi.operator.reaper.execution.DeletionConfig.MassDeletionConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops all deletions of sessions if too many would be deleted within a short time, because a wrong
 * clock, template or setting is then more likely than intent. The guard stays engaged until {@code
 * confirmMassDeletion} is set, or until few sessions are due.
 */
public final class MassDeletionGuard {
  private static final Logger LOG = LoggerFactory.getLogger(MassDeletionGuard.class);

  /** How long one snapshot is used, so that a burst of checks does not take one each. */
  private static final long SNAPSHOT_LIFETIME = Duration.ofMillis(250).toNanos();

  /** The guard releases by itself when at most this share of all sessions is due. */
  private static final int RELEASE_PERCENT = 10;

  private final Supplier<ExpirySnapshot> snapshots;
  private final LongSupplier nanoTime;
  private final Map<String, Long> deleted = new HashMap<>();
  private Optional<ExpirySnapshot> snapshot = Optional.empty();
  private long snapshotTakenAt;
  private Optional<String> engaged = Optional.empty();

  /**
   * @param snapshots takes a snapshot of all sessions
   * @param nanoTime such as {@link System#nanoTime}
   */
  public MassDeletionGuard(Supplier<ExpirySnapshot> snapshots, LongSupplier nanoTime) {
    this.snapshots = snapshots;
    this.nanoTime = nanoTime;
  }

  /** Why no session may be deleted now; empty if sessions may be deleted. */
  synchronized Optional<String> check(MassDeletionConfig limits) {
    Optional<String> before = engaged;
    engaged = limits.confirmed() ? Optional.empty() : evaluate(limits);
    if (engaged.isPresent() && before.isEmpty()) {
      LOG.error("stopped deleting sessions: {}", engaged.get());
    } else if (engaged.isEmpty() && before.isPresent()) {
      LOG.info("resumed deleting sessions");
    }
    return engaged;
  }

  private Optional<String> evaluate(MassDeletionConfig limits) {
    ExpirySnapshot current = currentSnapshot(limits.window());
    // A deleted session may or may not be in the snapshot: it counts once in either case.
    int expired = union(current.expired()).size();
    int all = union(current.all()).size();
    if (expired >= limits.minimum() && exceeds(expired, limits.percent(), all)) {
      return Optional.of(
          expired
              + " of "
              + all
              + " sessions would be deleted within "
              + limits.window().toSeconds()
              + " s, more than "
              + limits.percent()
              + " %: find out why, or set confirmMassDeletion: true");
    }
    int remaining = current.expired().size();
    boolean releases = remaining < limits.minimum() && !exceeds(remaining, RELEASE_PERCENT, all);
    return releases ? Optional.empty() : engaged;
  }

  private ExpirySnapshot currentSnapshot(Duration window) {
    long now = nanoTime.getAsLong();
    deleted.values().removeIf(at -> now - at > window.toNanos());
    if (snapshot.isEmpty() || now - snapshotTakenAt > SNAPSHOT_LIFETIME) {
      snapshot = Optional.of(snapshots.get());
      snapshotTakenAt = now;
    }
    return snapshot.get();
  }

  /** Counts the deletion of the session with this UID. */
  synchronized void deleted(String uid) {
    deleted.put(uid, nanoTime.getAsLong());
  }

  /** Discards the snapshot: a changed template or setting changes which sessions are due. */
  synchronized void invalidate() {
    snapshot = Optional.empty();
  }

  public synchronized boolean isEngaged() {
    return engaged.isPresent();
  }

  /** Why no session is deleted; empty if the guard is not engaged. */
  public synchronized String reason() {
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
