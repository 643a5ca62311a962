package io.vdi.operator.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vdi.operator.cli.cluster.CliException;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ParallelTest {
  @Test
  void returnsResultsInTheOrderOfTheSubjects() {
    assertThat(Parallel.map(List.of(3, 1, 2), n -> n * n)).containsExactly(9, 1, 4);
    assertThat(Parallel.map(List.<Integer>of(), n -> n * n)).isEmpty();
  }

  @Test
  void runsAllTasksConcurrently() {
    CyclicBarrier all = new CyclicBarrier(10);
    List<Integer> subjects = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(
            Parallel.map(
                subjects,
                n -> {
                  try {
                    all.await(10, TimeUnit.SECONDS);
                    return n;
                  } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                    throw new IllegalStateException(e);
                  }
                }))
        .isEqualTo(subjects);
  }

  @Test
  void throwsTheExceptionOfTheFirstSubjectThatFailed() {
    AtomicInteger finished = new AtomicInteger();
    assertThatThrownBy(() ->
            Parallel.map(
                List.of("a", "b", "c"),
                name -> {
                  finished.incrementAndGet();
                  if (name.equals("a")) {
                    return name;
                  }
                  throw new CliException.Failed(name);
                }))
        .isInstanceOf(CliException.Failed.class)
        .hasMessage("b");
    assertThat(finished).hasValue(3);
  }
}
