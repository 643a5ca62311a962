package io.vdi.operator.bench;

import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.operator.AotCache;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.process.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Measures the controller, and the client that only writes. Each measurement starts a cluster. */
final class ControllerBench {
  /** Sessions before the measured ones: they warm up JIT compilers and connections. */
  private static final int WARM_UP = 200;

  /** Sessions of the training run that the AOT cache is recorded from. */
  private static final int TRAINING = 300;

  /** Volumes are bound at a few per second, so that thousands of homes would take an hour. */
  private static final String WITHOUT_HOME = ", persistence: {enabled: false}";

  /**
   * Of a fleet. For each Role and RoleBinding that is created, the API server reads all
   * RoleBindings of the namespace: 10,000 sessions in one namespace need its memory and its CPU.
   */
  private static final int NAMESPACES = 100;

  private static final RequestLoad WARMING = new RequestLoad.Clients(16);

  /** Longer than the controller delays a write of the status, see its StatusWriteThrottle. */
  private static final Duration SETTLED = Duration.ofSeconds(27);

  /** Longer than the interval at which the controller resyncs a session. */
  private static final Duration REST = Duration.ofSeconds(40);

  /** Measures {@link BareClient}. Times start with the answer to the session's POST. */
  Result.Throughput bare(int sessions, RequestLoad load) {
    try (BenchCluster cluster = new BenchCluster(sessions + WARM_UP);
        BareClient client = new BareClient(cluster.admin(), cluster.operator());
        Stopwatch watch = new Stopwatch(cluster.admin())) {
      Consumer<String> make = name -> client.make(name, () -> watch.start(name));
      arrive(watch, names("warm", WARM_UP), WARMING, make);
      List<String> names = names("bare", sessions);
      arrive(watch, names, load, make);
      return Result.Throughput.of(watch, names);
    }
  }

  /** Measures the controller. Times start with the answer to the session's POST. */
  Result.ControllerFigures controller(int sessions, RequestLoad load) {
    try (BenchCluster cluster = new BenchCluster(sessions + WARM_UP);
        OperatorProcess controller = start(cluster);
        Stopwatch watch = new Stopwatch(cluster.admin())) {
      Consumer<String> submit = submit(cluster, watch);
      arrive(watch, names("warm", WARM_UP), WARMING, submit);
      watch.awaitRunning(names("warm", WARM_UP));
      cluster.requests().awaitQuiet(SETTLED);
      return measure(cluster, controller, watch, names("session", sessions), load, submit);
    }
  }

  /**
   * Measures the controller with many sessions without homes, spread over {@link #NAMESPACES}:
   * while they arrive, at rest, with a burst of more sessions, while another replica takes over,
   * and after a restart.
   */
  Result.Fleet fleet(int sessions, int more) {
    try (BenchCluster cluster = new BenchCluster(sessions + more)) {
      IntStream.range(0, NAMESPACES).mapToObj(i -> "fleet-" + i).forEach(cluster::createNamespace);
      Result.ControllerFigures arrival;
      ProcessFigures settled;
      ProcessFigures rested;
      Map<String, Double> restWrites;
      Result.ControllerFigures burst;
      double crash;
      double loss;
      try (OperatorProcess controller = start(cluster);
          Stopwatch watch = new Stopwatch(cluster.admin())) {
        Consumer<String> submit =
            name -> {
              String namespace = "fleet-" + Math.floorMod(name.hashCode(), NAMESPACES);
              BareClient.submit(cluster.admin(), namespace, name, WITHOUT_HOME);
              watch.start(name);
            };
        RequestLoad load = new RequestLoad.Clients(32);
        arrival = measure(cluster, controller, watch, names("session", sessions), load, submit);
        settled = figures(controller);
        TreeMap<String, Integer> before = cluster.requests().writes();
        cluster.requests().awaitQuiet(REST);
        restWrites = difference(before, cluster.requests().writes(), 1);
        rested = figures(controller);
        burst = measure(cluster, controller, watch, names("burst", more), load, submit);
        try (OperatorProcess standby = OperatorProcess.start(cluster.controller("standby"))) {
          standby.awaitReady();
          try (OperatorProcess restarted = restartAfterKill(cluster, controller)) {
            crash = untilServed(cluster, watch, "after-crash", submit);
            restarted.awaitReady();
            restarted.process().kill();
            loss = untilServed(cluster, watch, "after-loss", submit);
          }
        }
      }
      TreeMap<String, Integer> before = cluster.requests().writes();
      long start = System.nanoTime();
      try (OperatorProcess controller = start(cluster)) {
        double synced = seconds(start);
        Progress.await(
            () -> "the restarted controller to reconcile all sessions",
            Duration.ofMinutes(2),
            () -> histogram(controller).count() >= sessions + more);
        double reconciled = seconds(start);
        cluster.requests().awaitQuiet(SETTLED);
        return new Result.Fleet(
            arrival,
            settled,
            restWrites,
            (rested.cpu() - settled.cpu()) / REST.toSeconds(),
            burst,
            crash,
            loss,
            synced,
            reconciled,
            difference(before, cluster.requests().writes(), 1),
            figures(controller));
      }
    }
  }

  /** As the kubelet does it. */
  private OperatorProcess restartAfterKill(BenchCluster cluster, OperatorProcess leader) {
    leader.process().kill();
    return AotCache.start(cluster.controller());
  }

  /** Seconds until a new session has its pod. Then waits until all sessions are reconciled. */
  private double untilServed(
      BenchCluster cluster, Stopwatch watch, String name, Consumer<String> submit) {
    long start = System.nanoTime();
    submit.accept(name);
    watch.awaitPods(List.of(name));
    double seconds = seconds(start);
    cluster.requests().awaitQuiet(SETTLED);
    return seconds;
  }

  /** Measures from the start of the process to ready, on an empty cluster; the median of runs. */
  Result.Startup startup(int times) {
    try (BenchCluster cluster = new BenchCluster(0)) {
      OperatorProcess.Launch launch = cluster.controller();
      // The first start records the AOT cache if there is none, and fills the page cache.
      start(cluster).close();
      return new Result.Startup(
          median(times, () -> AotCache.start(launch)),
          median(times, () -> OperatorProcess.start(launch)));
    }
  }

  private static double median(int times, Supplier<OperatorProcess> starter) {
    List<Double> seconds = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      long start = System.nanoTime();
      try (OperatorProcess process = starter.get()) {
        process.awaitReady();
        seconds.add(seconds(start));
      }
    }
    return Quantiles.median(seconds.stream().mapToDouble(Double::doubleValue));
  }

  private Result.ControllerFigures measure(
      BenchCluster cluster,
      OperatorProcess controller,
      Stopwatch watch,
      List<String> names,
      RequestLoad load,
      Consumer<String> submit) {
    TreeMap<String, Integer> writes = cluster.requests().writes();
    ProcessFigures before = figures(controller);
    Histogram histogram = histogram(controller);
    arrive(watch, names, load, submit);
    watch.awaitRunning(names);
    cluster.requests().awaitQuiet(SETTLED);
    ProcessFigures after = figures(controller);
    return new Result.ControllerFigures(
        Result.Throughput.of(watch, names),
        watch.toRunning(names),
        histogram(controller).since(histogram).quantiles(),
        difference(writes, cluster.requests().writes(), names.size()),
        after,
        (after.cpu() - before.cpu()) * 1000 / names.size());
  }

  private static void arrive(
      Stopwatch watch, List<String> names, RequestLoad load, Consumer<String> submit) {
    load.run(names.size(), i -> submit.accept(names.get(i)));
    watch.awaitPods(names);
  }

  private static Consumer<String> submit(BenchCluster cluster, Stopwatch watch) {
    return name -> {
      BareClient.submit(cluster.admin(), name);
      watch.start(name);
    };
  }

  private OperatorProcess start(BenchCluster cluster) {
    OperatorProcess process =
        AotCache.start(cluster.controller(), training -> train(cluster, training));
    process.awaitReady();
    return process;
  }

  /** Creates and deletes sessions, so that the AOT cache contains the code for both. */
  private static void train(BenchCluster cluster, OperatorProcess training) {
    training.awaitReady();
    try (Stopwatch watch = new Stopwatch(cluster.admin())) {
      List<String> names = names("train", TRAINING);
      arrive(watch, names, WARMING, submit(cluster, watch));
      watch.awaitRunning(names);
      for (String name : names) {
        cluster
            .admin()
            .get(ResourceType.SESSION, BenchCluster.NAMESPACE, name)
            .ok()
            .ifPresent(s ->
                cluster
                    .admin()
                    .delete(ResourceType.SESSION, BenchCluster.NAMESPACE, name, s.uid()));
      }
      Progress.await(
          () -> "the sessions of the training to be deleted",
          Duration.ofMinutes(2),
          () ->
              cluster
                  .admin()
                  .list(ResourceType.SESSION, BenchCluster.NAMESPACE, "")
                  .orElseThrow()
                  .items()
                  .isEmpty());
    }
  }

  private static ProcessFigures figures(OperatorProcess process) {
    return ProcessFigures.of(process.process().pid());
  }

  private static Histogram histogram(OperatorProcess process) {
    return Histogram.parse(process.page("/observe/metrics"), "vdi_reconcile_seconds");
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e9;
  }

  private static List<String> names(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> prefix + "-" + i).toList();
  }

  /** The counts that have increased, each divided by the number of sessions. */
  private static Map<String, Double> difference(
      Map<String, Integer> before, Map<String, Integer> after, int divisor) {
    Map<String, Double> result = new TreeMap<>();
    after.forEach((what, count) -> {
      int more = count - before.getOrDefault(what, 0);
      if (more > 0) {
        result.put(what, (double) more / divisor);
      }
    });
    return result;
  }
}
