package io.vdi.operator.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Clients that share a number of calls. */
final class ConcurrentClients {
  private ConcurrentClients() {}

  /** Returns when all calls have been made. Fails if one of them has. */
  static void run(int clients, int calls, IntConsumer call) {
    AtomicInteger next = new AtomicInteger();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int client = 0; client < clients; client++) {
        threads.execute(() -> {
          try {
            for (int i = next.getAndIncrement(); i < calls; i = next.getAndIncrement()) {
              call.accept(i);
            }
          } catch (RuntimeException | AssertionError e) {
            failures.add(e);
          }
        });
      }
    }
    assertThat(failures).isEmpty();
  }
}
