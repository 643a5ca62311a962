package io.vdi.operator.runtime.schedule;

import io.vdi.operator.common.thread.FatalErrorHandler;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a task repeatedly on its own virtual thread, with a pause after each run. A run that throws
 * does not end the repetition. An {@link Error} ends the process: otherwise the repetition would
 * end silently.
 */
public final class Periodic implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Periodic.class);

  private final String name;
  private final Supplier<Duration> interval;
  private final Runnable task;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final FatalErrorHandler onFatalError;
  private String lastError = "";

  /**
   * A task that runs first at {@link #start}.
   *
   * @param name of the thread, and of the task in the log
   * @param interval the pause between the end of a run and the next one; read after each run, so
   *     that a changed setting applies without a restart
   * @param task may call {@link #close} to end the repetition
   */
  public Periodic(String name, Supplier<Duration> interval, Runnable task) {
    this(name, interval, task, FatalErrorHandler.END_PROCESS);
  }

  /**
   * @param onFatalError called when the thread dies, also when the interval cannot be read
   */
  Periodic(
      String name, Supplier<Duration> interval, Runnable task, FatalErrorHandler onFatalError) {
    this.onFatalError = onFatalError;
    this.name = name;
    this.interval = interval;
    this.task = task;
  }

  /** The same with a constant interval. */
  public Periodic(String name, Duration interval, Runnable task) {
    this(name, () -> interval, task);
  }

  /** Starts the first run. Call it once. */
  public void start() {
    onFatalError.thread(name).start(this::repeat);
  }

  private void repeat() {
    try {
      do {
        run();
      } while (!closed.await(interval.get().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    if (closed.getCount() == 0) {
      return;
    }
    try {
      task.run();
      lastError = "";
    } catch (RuntimeException e) {
      // Only once while it stays the same, so that a short interval does not fill the log.
      if (!e.toString().equals(lastError)) {
        lastError = e.toString();
        LOG.error("{} failed; trying again in {}", name, interval.get(), e);
      }
    }
  }

  /** Ends the repetition. Does not interrupt or wait for a run in progress. */
  @Override
  public void close() {
    closed.countDown();
  }
}
