package io.vdi.operator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestLoadTest {
  static List<RequestLoad> loads() {
    return List.of(new RequestLoad.Clients(7), new RequestLoad.PerSecond(10_000));
  }

  @ParameterizedTest
  @MethodSource("loads")
  void everyNumberIsCalledOnce(RequestLoad load) {
    ConcurrentLinkedQueue<Integer> called = new ConcurrentLinkedQueue<>();
    load.run(100, called::add);
    assertThat(called)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 100).boxed().toList());
  }

  @ParameterizedTest
  @MethodSource("loads")
  void aFailedCallDoesNotStopTheOthersAndIsThrownAtTheEnd(RequestLoad load) {
    ConcurrentLinkedQueue<Integer> called = new ConcurrentLinkedQueue<>();
    assertThatThrownBy(() ->
            load.run(
                20,
                i -> {
                  called.add(i);
                  if (i == 3) {
                    throw new IllegalStateException("call " + i);
                  }
                }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("call 3");
    assertThat(called).hasSize(20);
  }
}
