package io.vdi.operator.devcluster.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.pollinterval.PollInterval;

/**
 * How often tests ask a server whether a condition holds: after 20 ms at first, then less and less
 * often. Many tests wait at the same time on few processors, and their questions take CPU time from
 * what they wait for.
 */
public final class PollIntervals {
  private static final Duration FIRST = Duration.ofMillis(20);

  /** For requests to the API server. */
  public static final PollInterval OF_REQUESTS = growing(Duration.ofMillis(200));

  private PollIntervals() {}

  /**
   * Makes this the default of Awaitility in this JVM.
   *
   * @param longest from some seconds of waiting on
   */
  public static void setDefault(Duration longest) {
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval(growing(longest));
  }

  private static PollInterval growing(Duration longest) {
    return (count, last) -> {
      Duration next = count == 1 ? FIRST : last.multipliedBy(4).dividedBy(3);
      return next.compareTo(longest) < 0 ? next : longest;
    };
  }
}
