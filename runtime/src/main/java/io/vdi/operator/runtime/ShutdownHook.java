package io.vdi.operator.runtime;

/** How a service ends when it is told to. */
public final class ShutdownHook {
  private ShutdownHook() {}

  /** Has SIGTERM close the service in order and end the JVM with 0. */
  public static void closing(Runnable close) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  close.run();
                  // Told to end and ended in order: not the 143 that a JVM answers SIGTERM with.
                  Runtime.getRuntime().halt(0);
                },
                "shutdown"));
  }
}
