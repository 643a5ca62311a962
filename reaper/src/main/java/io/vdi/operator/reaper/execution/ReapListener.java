package io.vdi.operator.reaper.execution;

import io.vdi.operator.reaper.policy.ReapReason;
import java.time.Duration;

/** Told of what was done, for the metrics. */
public interface ReapListener {
  /**
   * @param late how long after its time
   */
  void reaped(ReapReason reason, Duration late);

  /** What a dry run would have deleted, once for each. */
  void wouldReap(ReapReason reason);
}
