package io.vdi.operator.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Prometheus histogram. Quantiles are interpolated inside a bucket, as histogram_quantile does.
 *
 * @param atMost how many values are at or below each bound, in seconds
 */
record Histogram(TreeMap<Double, Double> atMost) {
  /**
   * Reads a histogram of this name from a metrics page; empty if the page has none.
   *
   * @param page in the Prometheus text format
   */
  static Histogram parse(String page, String name) {
    Pattern line = Pattern.compile(name + "_bucket\\{.*le=\"([^\"]+)\".*\\} ([0-9.E+]+)");
    TreeMap<Double, Double> buckets = new TreeMap<>();
    page.lines()
        .map(line::matcher)
        .filter(Matcher::matches)
        .forEach(found ->
            buckets.put(
                found.group(1).equals("+Inf")
                    ? Double.POSITIVE_INFINITY
                    : Double.parseDouble(found.group(1)),
                Double.parseDouble(found.group(2))));
    return new Histogram(buckets);
  }

  double count() {
    return atMost.isEmpty() ? 0 : atMost.lastEntry().getValue();
  }

  /** The values that were added since an earlier state of the same histogram. */
  Histogram since(Histogram earlier) {
    TreeMap<Double, Double> difference = new TreeMap<>();
    atMost.forEach((le, n) -> difference.put(le, n - earlier.atMost.getOrDefault(le, 0.0)));
    return new Histogram(difference);
  }

  /**
   * @throws IllegalStateException if the histogram has no values
   */
  Quantiles quantiles() {
    return new Quantiles(milliseconds(0.50), milliseconds(0.99));
  }

  private double milliseconds(double share) {
    double rank = share * count();
    double below = 0;
    double lower = 0;
    for (Map.Entry<Double, Double> bucket : atMost.entrySet()) {
      if (bucket.getValue() >= rank && bucket.getValue() > below) {
        double upper = bucket.getKey();
        return upper == Double.POSITIVE_INFINITY
            ? lower * 1e3
            : (lower + (upper - lower) * (rank - below) / (bucket.getValue() - below)) * 1e3;
      }
      below = bucket.getValue();
      lower = bucket.getKey();
    }
    throw new IllegalStateException("nothing was measured");
  }
}
