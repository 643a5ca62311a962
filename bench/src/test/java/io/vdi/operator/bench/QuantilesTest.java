package io.vdi.operator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class QuantilesTest {
  @Test
  void quantilesAreThoseOfTheSortedValues() {
    List<Long> nanos = LongStream.rangeClosed(1, 100).map(i -> i * 1_000_000).boxed().toList();
    assertThat(Quantiles.ofNanos(nanos.reversed())).isEqualTo(new Quantiles(50, 99));
  }

  @Test
  void p99OfFewValuesIsTheLargest() {
    assertThat(Quantiles.ofNanos(List.of(3_000_000L, 1_000_000L, 2_000_000L)))
        .isEqualTo(new Quantiles(2, 3));
    assertThat(Quantiles.ofNanos(List.of(5_000_000L))).isEqualTo(new Quantiles(5, 5));
  }

  @Test
  void noValuesAreAnError() {
    assertThatThrownBy(() -> Quantiles.ofNanos(List.of()))
        .isInstanceOf(IllegalStateException.class);
  }
}
