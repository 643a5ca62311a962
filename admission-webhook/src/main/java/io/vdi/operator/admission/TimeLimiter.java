package io.vdi.operator.admission;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Looks at the API server that must not take longer than whoever asks us waits. */
final class TimeLimiter {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** The look took too long, or was of no use. */
  static final class DeadlineExceededException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeadlineExceededException(String message) {
      super(message);
    }
  }

  /** What the look returns; {@link DeadlineExceededException} where it takes longer, or fails. */
  <T> T within(Duration limit, Supplier<T> look) {
    try {
      return CompletableFuture.supplyAsync(look, threads)
          .get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new DeadlineExceededException(
          "no answer from the API server within " + limit.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw new DeadlineExceededException(String.valueOf(e.getCause().getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DeadlineExceededException("the webhook is stopping");
    }
  }
}
