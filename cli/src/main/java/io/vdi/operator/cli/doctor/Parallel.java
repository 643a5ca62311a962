package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.CliException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** The same for many, all at once: a cluster may be far away. */
final class Parallel {
  private Parallel() {}

  /**
   * The results, in the order of the subjects.
   *
   * @throws CliException the first that any of them ends with
   */
  static <T, R> List<R> map(List<T> subjects, Function<T, R> task) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<R>> futures =
          subjects.stream().map(subject -> threads.submit(() -> task.apply(subject))).toList();
      List<R> results = new ArrayList<>();
      for (Future<R> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CliException notSeen) {
        throw notSeen;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException(0, "interrupted");
    }
  }
}
