package io.vdi.operator.controller.session;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.runtime.workqueue.WorkerPool.Reconciler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Detects bursts of new sessions. For a session that starts during a burst, the status writes for
 * phases Pending and Creating are delayed, so that the API server creates the objects of all
 * sessions first; docs/specification.md, section 3, Status writes.
 */
public final class BurstDetector {
  /** While more new sessions wait for a worker than there are workers. */
  static final Duration QUEUED_DELAY = Duration.ofSeconds(20);

  /** While many sessions arrive; long enough for a desktop whose image is present. */
  static final Duration BURST_DELAY = Duration.ofSeconds(10);

  /** More arrivals than this within {@link #BURST_WINDOW} are a burst. */
  static final int BURST_ARRIVALS = 30;

  static final Duration BURST_WINDOW = Duration.ofSeconds(2);

  private final Set<SessionKey> waiting = ConcurrentHashMap.newKeySet();
  private final Deque<Instant> arrivals = new ArrayDeque<>();
  private final int workers;

  public BurstDetector(int workers) {
    this.workers = workers;
  }

  /** A session was created. */
  public void arrived(SessionKey key, Instant now) {
    waiting.add(key);
    synchronized (arrivals) {
      arrivals.addLast(now);
      if (arrivals.size() > BURST_ARRIVALS + 1) {
        arrivals.removeFirst();
      }
    }
  }

  /** The same reconciler; each session counts as waiting until its first pass starts. */
  public Reconciler<SessionKey> countingStarts(Reconciler<SessionKey> reconciler) {
    return key -> {
      started(key);
      return reconciler.reconcile(key);
    };
  }

  void started(SessionKey key) {
    waiting.remove(key);
  }

  /** {@link #QUEUED_DELAY}, {@link #BURST_DELAY} or zero. */
  Duration statusDelay(Instant now) {
    if (waiting.size() > workers) {
      return QUEUED_DELAY;
    }
    synchronized (arrivals) {
      return arrivals.size() > BURST_ARRIVALS
              && arrivals.peekFirst().isAfter(now.minus(BURST_WINDOW))
          ? BURST_DELAY
          : Duration.ZERO;
    }
  }
}
