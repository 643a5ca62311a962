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

/** The measurements, each on a cluster of its own. */
final class Bench {
  /** Sessions before the measured ones, for the JIT compilers and connections of everybody. */
  private static final int WARM_UP = 200;

  /** Sessions of the training run that the AOT cache is recorded from. */
  private static final int TRAINING = 300;

  private static final Load WARMING = new Load.Clients(16);

  /** Longer than the controller holds back a write of the status, see StatusPace. */
  private static final Duration SETTLED = Duration.ofSeconds(27);

  /** Longer than the controller leaves a session alone. */
  private static final Duration REST = Duration.ofSeconds(40);

  private final List<String> jvm;

  /**
   * @param jvm flags of the controller's JVM
   */
  Bench(List<String> jvm) {
    this.jvm = jvm;
  }

  /** The writes alone, by {@link BareClient}; times count from the answer to the session's POST. */
  Result.Throughput bare(int sessions, Load load) {
    try (BenchCluster lab = new BenchCluster(sessions + WARM_UP);
        BareClient client = new BareClient(lab.admin(), lab.operator());
        Stopwatch watch = new Stopwatch(lab.admin())) {
      Consumer<String> make = name -> client.make(name, () -> watch.begin(name));
      arrive(watch, names("warm", WARM_UP), WARMING, make);
      List<String> names = names("bare", sessions);
      arrive(watch, names, load, make);
      return Result.Throughput.of(watch, names);
    }
  }

  /**
   * The controller, with sessions made by somebody else; times count from the answer to their POST.
   */
  Result.Reconciled controller(int sessions, Load load) {
    try (BenchCluster lab = new BenchCluster(sessions + WARM_UP);
        OperatorProcess controller = start(lab);
        Stopwatch watch = new Stopwatch(lab.admin())) {
      Consumer<String> submit = submit(lab, watch);
      arrive(watch, names("warm", WARM_UP), WARMING, submit);
      watch.awaitRunning(names("warm", WARM_UP));
      lab.requests().awaitQuiet(SETTLED);
      return measure(lab, controller, watch, names("session", sessions), load);
    }
  }

  /** Many sessions at rest, and a restart among them. */
  Result.Fleet fleet(int sessions) {
    try (BenchCluster lab = new BenchCluster(sessions)) {
      Result.Reconciled arrival;
      ProcessFigures settled;
      ProcessFigures rested;
      Map<String, Double> restWrites;
      try (OperatorProcess controller = start(lab);
          Stopwatch watch = new Stopwatch(lab.admin())) {
        arrival = measure(lab, controller, watch, names("session", sessions), new Load.Clients(32));
        settled = figures(controller);
        TreeMap<String, Integer> before = lab.requests().writes();
        lab.requests().awaitQuiet(REST);
        restWrites = difference(before, lab.requests().writes(), 1);
        rested = figures(controller);
      }
      TreeMap<String, Integer> before = lab.requests().writes();
      long start = System.nanoTime();
      try (OperatorProcess controller = start(lab)) {
        double synced = seconds(start);
        Progress.await(
            () -> "the restarted controller to have looked at all sessions",
            Duration.ofMinutes(2),
            () -> histogram(controller).count() >= sessions);
        double looked = seconds(start);
        lab.requests().awaitQuiet(SETTLED);
        return new Result.Fleet(
            arrival,
            settled,
            restWrites,
            (rested.cpu() - settled.cpu()) / REST.toSeconds(),
            synced,
            looked,
            difference(before, lab.requests().writes(), 1),
            figures(controller));
      }
    }
  }

  /** From the start of the process to ready, on an empty cluster; the median of several. */
  Result.Startup startup(int times) {
    try (BenchCluster lab = new BenchCluster(0)) {
      OperatorProcess.Launch launch = lab.controller(jvm);
      // The first records the AOT cache where there is none, and puts the files into memory.
      start(lab).close();
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
    return seconds.stream().sorted().skip(times / 2).findFirst().orElseThrow();
  }

  private Result.Reconciled measure(
      BenchCluster lab,
      OperatorProcess controller,
      Stopwatch watch,
      List<String> names,
      Load load) {
    TreeMap<String, Integer> writes = lab.requests().writes();
    ProcessFigures before = figures(controller);
    Histogram histogram = histogram(controller);
    arrive(watch, names, load, submit(lab, watch));
    watch.awaitRunning(names);
    lab.requests().awaitQuiet(SETTLED);
    ProcessFigures after = figures(controller);
    return new Result.Reconciled(
        Result.Throughput.of(watch, names),
        watch.toRunning(names),
        histogram(controller).since(histogram).quantiles(),
        difference(writes, lab.requests().writes(), names.size()),
        after,
        (after.cpu() - before.cpu()) * 1000 / names.size());
  }

  private static void arrive(
      Stopwatch watch, List<String> names, Load load, Consumer<String> submit) {
    load.run(names.size(), i -> submit.accept(names.get(i)));
    watch.awaitPods(names);
  }

  private static Consumer<String> submit(BenchCluster lab, Stopwatch watch) {
    return name -> {
      BareClient.submit(lab.admin(), name);
      watch.begin(name);
    };
  }

  private OperatorProcess start(BenchCluster lab) {
    OperatorProcess process = AotCache.start(lab.controller(jvm), training -> train(lab, training));
    process.awaitReady();
    return process;
  }

  /** Some sessions from their beginning to their end. */
  private static void train(BenchCluster lab, OperatorProcess training) {
    training.awaitReady();
    try (Stopwatch watch = new Stopwatch(lab.admin())) {
      List<String> names = names("train", TRAINING);
      arrive(watch, names, WARMING, submit(lab, watch));
      watch.awaitRunning(names);
      for (String name : names) {
        lab.admin()
            .get(ResourceType.SESSION, BenchCluster.NAMESPACE, name)
            .ok()
            .ifPresent(s ->
                lab.admin().delete(ResourceType.SESSION, BenchCluster.NAMESPACE, name, s.uid()));
      }
      Progress.await(
          () -> "the sessions of the training to go",
          Duration.ofMinutes(2),
          () ->
              lab.admin()
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

  private static Map<String, Double> difference(
      Map<String, Integer> before, Map<String, Integer> after, int dividedBy) {
    Map<String, Double> result = new TreeMap<>();
    after.forEach((what, count) -> {
      int more = count - before.getOrDefault(what, 0);
      if (more > 0) {
        result.put(what, (double) more / dividedBy);
      }
    });
    return result;
  }
}
