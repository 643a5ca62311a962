package io.vdi.operator.webhook;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Looks at the API server that must not take longer than whoever asks us waits. */
final class Deadline {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** The look took too long, or was of no use. */
  static final class Missed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Missed(String message) {
      super(message);
    }
  }

  /** What the look returns; {@link Missed} where it takes longer, or fails. */
  <T> T within(Duration limit, Supplier<T> look) {
    try {
      return CompletableFuture.supplyAsync(look, threads)
          .get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new Missed("no answer from the API server within " + limit.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw new Missed(String.valueOf(e.getCause().getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Missed("the webhook is stopping");
    }
  }
}
