package io.vdi.operator.bench;

import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/** How requests arrive. */
sealed interface RequestLoad {
  /** Concurrent clients; each sends its next request when the answer to its last one is there. */
  record Clients(int count) implements RequestLoad {}

  /** At a constant rate, even if earlier requests have no answer yet. */
  record PerSecond(int rate) implements RequestLoad {}

  /** Calls as {@link #run} does; returns how long the calls took. */
  default Quantiles time(int n, IntConsumer call) {
    Collection<Long> nanos = new ConcurrentLinkedQueue<>();
    run(
        n,
        i -> {
          long start = System.nanoTime();
          call.accept(i);
          nanos.add(System.nanoTime() - start);
        });
    return Quantiles.ofNanos(nanos);
  }

  /**
   * Calls with 0 … n-1; returns when all calls have returned.
   *
   * @throws RuntimeException the first exception that a call has thrown
   */
  default void run(int n, IntConsumer call) {
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    IntConsumer guarded =
        i -> {
          try {
            call.accept(i);
          } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
          }
        };
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      switch (this) {
        case Clients(int count) -> {
          AtomicInteger next = new AtomicInteger();
          for (int client = 0; client < count; client++) {
            threads.execute(() -> {
              for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
                guarded.accept(i);
              }
            });
          }
        }
        case PerSecond(int rate) -> {
          long start = System.nanoTime();
          for (int i = 0; i < n; i++) {
            int each = i;
            LockSupport.parkNanos(start + i * 1_000_000_000L / rate - System.nanoTime());
            threads.execute(() -> guarded.accept(each));
          }
        }
      }
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }
}
