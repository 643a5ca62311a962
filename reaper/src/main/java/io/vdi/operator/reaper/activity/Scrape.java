package io.vdi.operator.reaper.activity;

import java.util.List;

/** The outcome of asking a node for one metric of its pods. */
sealed interface Scrape {
  record Samples(List<PrometheusText.Sample> list) implements Scrape {
    public Samples {
      list = List.copyOf(list);
    }

    /** The samples of one pod. */
    List<PrometheusText.Sample> of(String namespace, String pod) {
      return list.stream()
          .filter(sample ->
              sample.label("namespace").equals(namespace) && sample.label("pod").equals(pod))
          .toList();
    }
  }

  /** No usable response. */
  record NoAnswer(String reason) implements Scrape {}
}
