package io.vdi.operator.gate.audit;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * How many refusals are recorded. Anybody can cause them in any number; without a limit they would
 * fill the disk of the log. Those that are not recorded are counted.
 */
final class RefusalLimit {
  /** Of one user or address at one desktop, in each {@link #WINDOW}. */
  static final int PER_KEY = 10;

  /** Of all, in each {@link #WINDOW}; each line has about 400 bytes. */
  static final int TOTAL = 1000;

  static final Duration WINDOW = Duration.ofMinutes(1);

  private final Map<String, Integer> counts = new HashMap<>();
  private Instant windowEnd = Instant.EPOCH;
  private int total;
  private long suppressed;

  /**
   * Whether this refusal is recorded.
   *
   * @return negative if it is not; otherwise the number of those that were left out since the last
   *     one that was recorded
   */
  synchronized long admit(String key, Instant now) {
    if (!now.isBefore(windowEnd) || now.plus(WINDOW).isBefore(windowEnd)) {
      windowEnd = now.plus(WINDOW);
      counts.clear();
      total = 0;
    }
    if (total >= TOTAL || counts.getOrDefault(key, 0) >= PER_KEY) {
      suppressed++;
      return -1;
    }
    total++;
    counts.merge(key, 1, Integer::sum);
    long before = suppressed;
    suppressed = 0;
    return before;
  }
}
