package io.vdi.operator.bench;

import java.util.Collection;

/** Milliseconds below which half, and 99 of 100, of what was measured lie. */
record Quantiles(double p50, double p99) {
  static Quantiles ofNanos(Collection<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    return new Quantiles(at(sorted, 0.50), at(sorted, 0.99));
  }

  private static double at(long[] sorted, double share) {
    if (sorted.length == 0) {
      throw new IllegalStateException("nothing was measured");
    }
    int index = (int) Math.ceil(share * sorted.length) - 1;
    return sorted[Math.max(0, index)] / 1e6;
  }
}
