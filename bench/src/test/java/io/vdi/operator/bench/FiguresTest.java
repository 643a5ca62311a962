package io.vdi.operator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A benchmark that counts wrongly is worse than none. */
class FiguresTest {
  @Test
  void quantilesAreThoseOfTheSortedValues() {
    List<Long> nanos = LongStream.rangeClosed(1, 100).map(i -> i * 1_000_000).boxed().toList();
    assertEquals(new Quantiles(50, 99), Quantiles.ofNanos(nanos.reversed()));
  }

  @Test
  void aHistogramsQuantilesLieInsideItsBuckets() {
    String before =
        """
        x_bucket{scope="application",le="0.01"} 10.0
        x_bucket{scope="application",le="0.1"} 10.0
        x_bucket{scope="application",le="+Inf"} 10.0
        """;
    String after =
        """
        # TYPE x histogram
        x_bucket{scope="application",le="0.01"} 60.0
        x_bucket{scope="application",le="0.1"} 110.0
        x_bucket{scope="application",le="+Inf"} 110.0
        x_count{scope="application"} 110.0
        """;
    Histogram since = Histogram.parse(after, "x").since(Histogram.parse(before, "x"));
    assertEquals(100, since.count());
    assertEquals(10, since.quantiles().p50(), 1e-9);
    assertEquals(98.2, since.quantiles().p99(), 1e-9);
  }

  @Test
  void everyLoadCallsOnceForEach() {
    for (Load load : List.of(new Load.Clients(7), new Load.PerSecond(10_000))) {
      AtomicInteger sum = new AtomicInteger();
      load.run(100, sum::addAndGet);
      assertEquals(4950, sum.get());
    }
  }
}
