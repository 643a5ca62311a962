package io.vdi.operator.bench;

import java.util.Collection;
import java.util.stream.DoubleStream;

/**
 * Quantiles of measured times, in milliseconds. With fewer than 100 values, p99 is the largest one.
 */
record Quantiles(double p50, double p99) {
  /**
   * @throws IllegalStateException if there are no values
   */
  static Quantiles ofNanos(Collection<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    return new Quantiles(at(sorted, 0.50), at(sorted, 0.99));
  }

  /** The value in the middle; of an even number of values the upper one. */
  static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static double at(long[] sorted, double share) {
    if (sorted.length == 0) {
      throw new IllegalStateException("nothing was measured");
    }
    int index = (int) Math.ceil(share * sorted.length) - 1;
    return sorted[Math.max(0, index)] / 1e6;
  }
}
