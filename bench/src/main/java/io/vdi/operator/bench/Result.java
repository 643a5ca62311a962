package io.vdi.operator.bench;

import java.util.List;
import java.util.Map;

/** What was measured. Times are in seconds, those of {@link Quantiles} in milliseconds. */
sealed interface Result {
  /** How fast pods come to be. */
  record Throughput(int sessions, double seconds, double sessionsPerSecond, Quantiles toPod)
      implements Result {
    static Throughput of(Stopwatch watch, List<String> names) {
      double seconds = watch.secondsToAllPods(names);
      return new Throughput(names.size(), seconds, names.size() / seconds, watch.toPod(names));
    }
  }

  /**
   * The same of the controller, and what it cost.
   *
   * @param writes for each session, by verb and resource
   */
  record Reconciled(
      Throughput throughput,
      Quantiles toRunning,
      Quantiles reconcile,
      Map<String, Double> writes,
      ProcessFigures process,
      double cpuSecondsPerThousand)
      implements Result {
    /**
     * Without Events, which tell and decide nothing, and without the templates' count of sessions,
     * which is written every few seconds however many sessions there are.
     */
    double writesButEvents() {
      return writes.entrySet().stream()
          .filter(write -> !write.getKey().matches(".* (events|vditemplates/status)"))
          .mapToDouble(Map.Entry::getValue)
          .sum();
    }
  }

  /**
   * Many sessions.
   *
   * @param restCpu processor seconds for each second at rest
   * @param synced from the start of a second controller until it is ready
   * @param looked until it has looked at every session
   */
  record Fleet(
      Reconciled arrival,
      ProcessFigures settled,
      Map<String, Double> restWrites,
      double restCpu,
      double synced,
      double looked,
      Map<String, Double> restartWrites,
      ProcessFigures restarted)
      implements Result {}

  /** How long answers took, asked so many times a second. */
  record Latency(int perSecond, Quantiles latency) implements Result {}

  /**
   * The reaper among many sessions.
   *
   * @param ready seconds from the start of its process
   * @param restCpu processor seconds for each second at rest, sweeps included
   * @param requestsPerMinute to the API server, at rest, sweeps included
   * @param lateness from the time of a session's end until its deletion is seen
   */
  record Reaped(
      int sessions,
      double ready,
      ProcessFigures settled,
      double restCpu,
      double requestsPerMinute,
      int expired,
      Quantiles lateness)
      implements Result {}

  /**
   * From kubectl apply to a picture in a browser.
   *
   * @param parts of it, each from the end of the one before
   * @param rest MiB of each service without a session
   * @param busy the same with so many sessions
   */
  record Pictured(
      int runs,
      Quantiles whole,
      Map<String, Quantiles> parts,
      Map<String, Double> rest,
      int sessions,
      Map<String, Double> busy)
      implements Result {}

  /**
   * The kubectl plugin among healthy desktops.
   *
   * @param list from the start of {@code kubectl-vdi list} to its end
   * @param listWithoutCache the same without the AOT cache
   * @param one the doctor for one session
   * @param all the doctor for all of them
   * @param findings of the last, which should be none
   */
  record Examined(
      int sessions,
      int runs,
      Quantiles list,
      Quantiles listWithoutCache,
      Quantiles one,
      Quantiles all,
      int findings)
      implements Result {}

  record Startup(double withAotCache, double without) implements Result {}
}
