package io.vdi.operator.reaper.execution;

import io.vdi.operator.reaper.policy.ReapReason;
import java.time.Instant;

/** Receives each deletion, for the metrics. */
public interface ReapListener {
  /**
   * @param due when the deletion was due
   */
  void reaped(ReapReason reason, Instant due);

  /** An idle session was suspended. */
  void idleSuspended();

  /** The schedule of a session has suspended it. */
  void scheduleStopped();

  /** The schedule of a session has resumed it. */
  void scheduleStarted();

  /** A dry run would have deleted an object. Called once for each object and due time. */
  void wouldReap(ReapReason reason);
}
