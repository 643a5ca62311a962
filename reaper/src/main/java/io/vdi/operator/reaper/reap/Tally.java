package io.vdi.operator.reaper.reap;

import io.vdi.operator.reaper.judge.Reason;
import java.time.Duration;

/** Told of what was done, for the metrics. */
public interface Tally {
  /**
   * @param late how long after its time
   */
  void reaped(Reason reason, Duration late);

  /** What a dry run would have deleted, once for each. */
  void wouldReap(Reason reason);
}
