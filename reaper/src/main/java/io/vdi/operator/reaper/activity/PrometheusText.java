package io.vdi.operator.reaper.activity;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Reads samples in the text format of Prometheus, version 0.0.4. */
final class PrometheusText {
  /**
   * One sample.
   *
   * @param timestamp empty: the sample is as old as the response
   */
  record Sample(Map<String, String> labels, double value, Optional<Instant> timestamp) {
    Sample {
      labels = Map.copyOf(labels);
    }

    String label(String name) {
      return labels.getOrDefault(name, "");
    }
  }

  private final String line;
  private int at;

  private PrometheusText(String line, int at) {
    this.line = line;
    this.at = at;
  }

  /**
   * The sample in this line; empty if it is a comment, a sample of another metric, or malformed.
   *
   * @param metric the name of the metric
   */
  static Optional<Sample> sample(String line, String metric) {
    if (!line.startsWith(metric)
        || line.length() == metric.length()
        || "{ \t".indexOf(line.charAt(metric.length())) < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(new PrometheusText(line, metric.length()).read());
    } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeException e) {
      return Optional.empty();
    }
  }

  private Sample read() {
    skipSpaces();
    Map<String, String> labels = line.charAt(at) == '{' ? labels() : Map.of();
    String[] fields = line.substring(at).strip().split("[ \t]+", -1);
    if (fields.length > 2) {
      throw new IllegalArgumentException("more than a value and a timestamp");
    }
    return new Sample(
        labels,
        number(fields[0]),
        fields.length == 2
            ? Optional.of(Instant.ofEpochMilli(Long.parseLong(fields[1])))
            : Optional.empty());
  }

  /** {@code {a="b",c="d"}}; a comma may follow the last label. */
  private Map<String, String> labels() {
    Map<String, String> labels = new HashMap<>();
    at++;
    skipSpaces();
    while (line.charAt(at) != '}') {
      int end = line.indexOf('=', at);
      String name = line.substring(at, end).strip();
      at = end + 1;
      skipSpaces();
      labels.put(name, quoted());
      skipSpaces();
      if (line.charAt(at) == ',') {
        at++;
        skipSpaces();
      } else if (line.charAt(at) != '}') {
        throw new IllegalArgumentException("no comma between labels");
      }
    }
    at++;
    return labels;
  }

  private String quoted() {
    if (line.charAt(at) != '"') {
      throw new IllegalArgumentException("no quoted value");
    }
    StringBuilder text = new StringBuilder();
    for (at++; line.charAt(at) != '"'; at++) {
      if (line.charAt(at) == '\\') {
        at++;
        text.append(line.charAt(at) == 'n' ? '\n' : line.charAt(at));
      } else {
        text.append(line.charAt(at));
      }
    }
    at++;
    return text.toString();
  }

  /** No counter and no utilization is negative or infinite. */
  private static double number(String text) {
    double value = Double.parseDouble(text);
    if (!Double.isFinite(value) || value < 0) {
      throw new IllegalArgumentException("not a usage: " + text);
    }
    return value;
  }

  private void skipSpaces() {
    while (line.charAt(at) == ' ' || line.charAt(at) == '\t') {
      at++;
    }
  }
}
