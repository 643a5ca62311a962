package io.vdi.operator.common.thread;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Called when a thread that must run as long as the process dies of an exception or an {@link
 * Error}, such as a StackOverflowError or a LinkageError. Without it, a worker, the writer of
 * Events or a periodic task would end silently, and the process would stay alive and do nothing.
 *
 * <p>Every long-lived thread is created by {@link #thread}. Services use {@link #END_PROCESS}:
 * Kubernetes restarts the container, and the next process continues with the state in the API.
 */
@FunctionalInterface
public interface FatalErrorHandler {
  /**
   * The exit status of {@link #END_PROCESS}. It differs from 3, which the JVM uses with {@code
   * -XX:+ExitOnOutOfMemoryError}; docs/operations.md lists all exit codes.
   */
  int EXIT_STATUS = 4;

  /**
   * Logs the error and ends the process with {@link #EXIT_STATUS}. It halts without the shutdown
   * hook: after an Error the state in memory is unknown, and the hook would wait for threads that
   * no longer exist.
   */
  FatalErrorHandler END_PROCESS =
      (thread, error) -> {
        try {
          logger().error("thread {} has died; the process exits", thread, error);
        } finally {
          // Also when there is no memory to log.
          Runtime.getRuntime().halt(EXIT_STATUS);
        }
      };

  /**
   * A thread cannot continue.
   *
   * @param thread its name
   */
  void failed(String thread, Throwable error);

  /** A virtual thread with this name; what it throws is passed to this handler. */
  default Thread.Builder.OfVirtual thread(String name) {
    return Thread.ofVirtual()
        .name(name)
        .uncaughtExceptionHandler((thread, error) -> failed(name, error));
  }

  private static Logger logger() {
    return LoggerFactory.getLogger(FatalErrorHandler.class);
  }
}
