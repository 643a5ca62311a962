package io.vdi.operator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class HistogramTest {
  private static final String BEFORE =
      """
      x_bucket{scope="application",le="0.01"} 10.0
      x_bucket{scope="application",le="0.1"} 10.0
      x_bucket{scope="application",le="+Inf"} 10.0
      """;

  @Test
  void quantilesAreInterpolatedInsideTheirBuckets() {
    String after =
        """
        # TYPE x histogram
        x_bucket{scope="application",le="0.01"} 60.0
        x_bucket{scope="application",le="0.1"} 110.0
        x_bucket{scope="application",le="+Inf"} 110.0
        x_count{scope="application"} 110.0
        """;
    Histogram since = Histogram.parse(after, "x").since(Histogram.parse(BEFORE, "x"));
    assertThat(since.count()).isEqualTo(100);
    assertThat(since.quantiles().p50()).isCloseTo(10, within(1e-9));
    assertThat(since.quantiles().p99()).isCloseTo(98.2, within(1e-9));
  }

  @Test
  void aQuantileAboveTheLastBoundIsThatBound() {
    Histogram histogram =
        Histogram.parse("x_bucket{le=\"0.5\"} 1.0\nx_bucket{le=\"+Inf\"} 10.0\n", "x");
    assertThat(histogram.quantiles().p99()).isCloseTo(500, within(1e-9));
  }

  @Test
  void otherMetricsAreIgnored() {
    assertThat(Histogram.parse("y_bucket{le=\"+Inf\"} 7.0\n# a comment\n", "x").count()).isZero();
  }

  @Test
  void withoutValuesThereAreNoQuantiles() {
    Histogram unchanged = Histogram.parse(BEFORE, "x").since(Histogram.parse(BEFORE, "x"));
    assertThat(unchanged.count()).isZero();
    assertThatThrownBy(unchanged::quantiles).isInstanceOf(IllegalStateException.class);
  }
}
