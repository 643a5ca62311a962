package io.vdi.operator.devcluster.process;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits by conditions, and tells on standard error what for when it takes longer than a moment. */
public final class Progress {
  private static final Duration QUIET = Duration.ofSeconds(4);
  private static final Duration REPEAT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(50);

  private Progress() {}

  public static void say(String line) {
    System.err.println("» " + line);
  }

  /**
   * Returns when the condition holds.
   *
   * @param what completes the sentence "waiting for …"; asked anew for each line
   * @throws ClusterException when it does not within the limit
   */
  public static void await(Supplier<String> what, Duration limit, BooleanSupplier condition) {
    Instant start = Instant.now();
    Instant nextLine = start.plus(QUIET);
    while (!condition.getAsBoolean()) {
      Instant now = Instant.now();
      if (now.isAfter(start.plus(limit))) {
        throw new ClusterException(
            "gave up after " + limit.toSeconds() + " s of waiting for " + what.get());
      }
      if (now.isAfter(nextLine)) {
        say("waiting for " + what.get() + " (" + Duration.between(start, now).toSeconds() + " s)");
        nextLine = now.plus(REPEAT);
      }
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ClusterException("interrupted while waiting for " + what.get(), e);
      }
    }
  }
}
