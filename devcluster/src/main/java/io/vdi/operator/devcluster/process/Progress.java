package io.vdi.operator.devcluster.process;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Progress messages on standard error, and waiting for conditions with such messages. */
public final class Progress {
  private static final Duration QUIET = Duration.ofSeconds(4);
  private static final Duration REPEAT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(50);

  private Progress() {}

  /** Prints one line for the user. */
  public static void say(String line) {
    System.err.println("» " + line);
  }

  /**
   * Waits until the condition holds. After 4 seconds, and every 10 seconds from then on, a message
   * says what it waits for.
   *
   * @param what completes the sentence "waiting for …"; evaluated for each message
   * @throws ClusterException if the condition does not hold within the limit
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
