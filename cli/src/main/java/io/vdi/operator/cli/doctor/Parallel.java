package io.vdi.operator.cli.doctor;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Runs one task on many subjects concurrently. One after the other, a distant cluster is slow. */
final class Parallel {
  private Parallel() {}

  /**
   * The results, in the order of the subjects. All tasks have ended when this returns or throws.
   *
   * @throws RuntimeException the exception of the first subject whose task failed
   */
  static <T, R> List<R> map(List<T> subjects, Function<T, R> task) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<R>> futures =
          subjects.stream()
              .map(subject -> CompletableFuture.supplyAsync(() -> task.apply(subject), threads))
              .toList();
      return futures.stream().map(CompletableFuture::join).toList();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }
}
