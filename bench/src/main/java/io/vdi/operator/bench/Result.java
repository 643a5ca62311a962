package io.vdi.operator.bench;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What one measurement returns. Times are in seconds, in {@link Quantiles} in milliseconds. */
sealed interface Result {
  /** How fast the pods of sessions are created. */
  record Throughput(int sessions, double seconds, double sessionsPerSecond, Quantiles toPod)
      implements Result {
    static Throughput of(Stopwatch watch, List<String> names) {
      double seconds = watch.secondsToAllPods(names);
      return new Throughput(names.size(), seconds, names.size() / seconds, watch.toPod(names));
    }
  }

  /**
   * The throughput of the controller and what it cost.
   *
   * @param writes per session, by verb and resource
   */
  record ControllerFigures(
      Throughput throughput,
      Quantiles toRunning,
      Quantiles reconcile,
      Map<String, Double> writes,
      ProcessFigures process,
      double cpuSecondsPerThousand)
      implements Result {
    /** How many pods were created for each session; 1 if none was lost or created twice. */
    double podsCreated() {
      return writes.getOrDefault("create pods", 0.0);
    }

    /**
     * Writes per session without Events, which no component depends on, and without the count of
     * sessions in the status of templates, which is written at most every few seconds.
     */
    double writesWithoutEvents() {
      return writes.entrySet().stream()
          .filter(write -> !write.getKey().matches(".* (events|vditemplates/status)"))
          .mapToDouble(Map.Entry::getValue)
          .sum();
    }
  }

  /**
   * The controller with many sessions.
   *
   * @param settled after all sessions run
   * @param restCpu CPU seconds per second at rest
   * @param burst more sessions on top of them
   * @param crash seconds from SIGKILL of the leader, whose container is restarted, until a session
   *     that is submitted then has its pod
   * @param loss the same without a restart: another replica takes over
   * @param synced from the start of a second controller until it is ready
   * @param reconciled from the same start until it has reconciled every session
   */
  record Fleet(
      ControllerFigures arrival,
      ProcessFigures settled,
      Map<String, Double> restWrites,
      double restCpu,
      ControllerFigures burst,
      double crash,
      double loss,
      double synced,
      double reconciled,
      Map<String, Double> restartWrites,
      ProcessFigures restarted)
      implements Result {}

  /** How long answers took at a rate of requests per second. */
  record Latency(int perSecond, Quantiles latency) implements Result {}

  /**
   * Creates through the API server while clients flood the webhook with hostile reviews, compared
   * with those immediately before and after.
   *
   * @param answersPerSecond to the flood
   * @param answers to the flood, by HTTP status
   * @param failed creates that failed during the flood
   * @param failedCalm creates that failed without it: the machine is too busy for a measurement
   */
  record Flood(
      int clients,
      double answersPerSecond,
      Map<String, Long> answers,
      Latency calm,
      Latency flooded,
      int failed,
      int failedCalm)
      implements Result {
    /** How many times longer a create takes during the flood. */
    double ratio() {
      return flooded.latency().p50() / calm.latency().p50();
    }
  }

  /**
   * The reaper with many sessions.
   *
   * @param ready seconds from the start of its process
   * @param restCpu CPU seconds per second at rest, including orphan scans
   * @param requestsPerMinute to the API server at rest, including orphan scans
   * @param lateness from the end of a session until a watch reports its deletion
   */
  record ReaperFigures(
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
   * @param steps each from the end of the step before
   * @param memoryAtRest of each service without sessions, in MiB
   * @param sessions how many sessions the services have in {@code memoryWithSessions}
   */
  record DesktopTimes(
      int runs,
      Quantiles whole,
      Map<String, Quantiles> steps,
      Map<String, Double> memoryAtRest,
      int sessions,
      Map<String, Double> memoryWithSessions)
      implements Result {}

  /**
   * The kubectl plugin with healthy desktops.
   *
   * @param list the run time of {@code kubectl-vdi list}
   * @param listWithoutCache the same without the AOT cache
   * @param one the doctor for one session
   * @param all the doctor for all of them
   * @param findings of the last run; 0 is correct
   */
  record DoctorTimes(
      int sessions,
      int runs,
      Quantiles list,
      Quantiles listWithoutCache,
      Quantiles one,
      Quantiles all,
      int findings)
      implements Result {}

  /**
   * The gate while a router asks it about each request.
   *
   * @param bare a handler that allows everything
   * @param forwardAuth the gate
   */
  record GateFigures(int sessions, Latency bare, Latency forwardAuth, ProcessFigures process)
      implements Result {}

  /**
   * A controller that gets objects at once: this one or a peer. Rates are from the first object
   * that is created to the last pod, and to the last object whose status says that it is ready.
   *
   * @param requests to the API server for each object, without watches
   * @param cpu of the controller, and of the API server, in seconds for 1,000 objects
   */
  record PeerFigures(
      int objects,
      double podsPerSecond,
      double readyPerSecond,
      double requests,
      ProcessFigures process,
      double cpu,
      double apiServerCpu)
      implements Result {

    /** The median of each figure. */
    static PeerFigures median(List<PeerFigures> runs) {
      return new PeerFigures(
          runs.getFirst().objects,
          median(runs, PeerFigures::podsPerSecond),
          median(runs, PeerFigures::readyPerSecond),
          median(runs, PeerFigures::requests),
          new ProcessFigures(
              median(runs, run -> run.process.rss()),
              median(runs, run -> run.process.peak()),
              median(runs, run -> run.process.cpu())),
          median(runs, PeerFigures::cpu),
          median(runs, PeerFigures::apiServerCpu));
    }

    private static double median(List<PeerFigures> runs, ToDoubleFunction<PeerFigures> figure) {
      return Quantiles.median(runs.stream().mapToDouble(figure));
    }
  }

  /** From the start of the controller's process until it is ready. */
  record Startup(double withAotCache, double without) implements Result {}
}
