package io.vdi.operator.admission;

import io.vdi.operator.common.kube.ApiResult;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Limits the time of a call to the API server. The API server waits 5 s for the webhook, but a call
 * of ours can take longer: without the limit the webhook would answer too late to be heard.
 */
final class TimeLimiter {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * The result of the call, or {@link ApiResult.Unreachable} if it takes longer than the limit.
   * Exceptions of the call are bugs and are thrown on.
   */
  <T> ApiResult<T> call(Duration limit, Supplier<ApiResult<T>> call) {
    Future<ApiResult<T>> future = threads.submit(call::get);
    try {
      return future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // Not cancelled: an interrupt could close the connection that all calls share. The client
      // ends the call after its own limit.
      return new ApiResult.Unreachable<>(
          "no answer from the API server within " + seconds(limit) + " s");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a call to the API server failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new ApiResult.Unreachable<>("the webhook is stopping");
    }
  }

  /** Rounded up: what is left of 4 s is 3.99 s a moment later. */
  private static long seconds(Duration limit) {
    return Math.ceilDiv(limit.toMillis(), 1000);
  }
}
