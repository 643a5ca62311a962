package io.vdi.operator.bench;

import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The program of {@code make bench}; runs in the root of the checkout. Its arguments select parts
 * of the benchmark; without arguments it runs all. {@code BENCH_JVM} replaces the JVM flags of the
 * services ({@link JvmFlags}), to compare flags. See docs/benchmarks.md.
 */
public final class Main {
  private static final int BURST = 1000;
  private static final int RATE = 20;
  private static final int SECONDS = 60;
  private static final int FLEET = 10_000;
  private static final int REAPED = 10_000;
  private static final int DESKTOPS = 20;
  private static final int HEALTHY = 20;
  private static final int DESKS = 500;
  private static final int PEERS = 500;

  /** Odd, so that the median is one of them. */
  private static final int PEER_ROUNDS = 3;

  private final ControllerBench controller = new ControllerBench();
  private final BenchmarkReport report = new BenchmarkReport();

  private Main() {}

  public static void main(String[] args) throws IOException {
    Main main = new Main();
    Map<String, Runnable> parts = main.parts();
    List<String> selected = args.length == 0 ? new ArrayList<>(parts.keySet()) : List.of(args);
    if (!parts.keySet().containsAll(selected)) {
      System.err.println("✗ unknown part; the parts are: " + String.join(" ", parts.keySet()));
      System.exit(2);
    }
    parts.forEach((part, measurement) -> {
      if (selected.contains(part)) {
        measurement.run();
      }
    });
    Targets.check(main.report);
    main.report.print();
    System.out.println("\nall figures: " + main.report.save(Path.of("bench-results")));
  }

  /** The parts in the order in which they run. */
  private Map<String, Runnable> parts() {
    Map<String, Runnable> parts = new LinkedHashMap<>();
    parts.put("startup", () -> add(Measurement.START, () -> controller.startup(5)));
    parts.put("limit", this::limit);
    parts.put("burst", this::burst);
    parts.put("steady", this::steady);
    parts.put("fleet", () -> add(Measurement.FLEET, () -> controller.fleet(FLEET, BURST)));
    parts.put("reaper", () -> add(Measurement.REAPER, () -> new ReaperBench().measure(REAPED)));
    parts.put("desktop", () -> add(Measurement.DESKTOP, () -> DesktopBench.measure(DESKTOPS)));
    parts.put("doctor", () -> add(Measurement.DOCTOR, () -> DoctorBench.measure(HEALTHY)));
    parts.put("admission", this::admission);
    parts.put("flood", this::flood);
    parts.put("peers", this::peers);
    parts.put("gate", () -> add(Measurement.GATE, () -> new GateBench().measure(DESKS)));
    return parts;
  }

  private void limit() {
    for (int clients : Measurement.CLIENTS) {
      RequestLoad load = new RequestLoad.Clients(clients);
      add(Measurement.limit(clients), () -> controller.bare(BURST, load));
    }
  }

  private void burst() {
    add(Measurement.BURST, () -> controller.controller(BURST, new RequestLoad.Clients(32)));
  }

  private void steady() {
    RequestLoad load = new RequestLoad.PerSecond(RATE);
    add(Measurement.STEADY_BARE, () -> controller.bare(RATE * SECONDS, load));
    add(Measurement.STEADY, () -> controller.controller(RATE * SECONDS, load));
  }

  private void peers() {
    PeersBench peers = new PeersBench(PEERS);
    Map<String, Supplier<Result.PeerFigures>> measurements = new LinkedHashMap<>();
    measurements.put(Measurement.SESSIONS, () -> peers.sessions(false));
    measurements.put(Measurement.SESSIONS_WITH_HOMES, () -> peers.sessions(true));
    PeersBench.peer()
        .ifPresent(peer -> {
          measurements.put(Measurement.PEER, () -> peers.sandboxes(peer, false));
          measurements.put(Measurement.PEER_WITH_CLAIMS, () -> peers.sandboxes(peer, true));
        });
    // The speed of a machine changes within minutes, so the measurements alternate.
    int rounds = PeersBench.peer().isPresent() ? PEER_ROUNDS : 1;
    Map<String, List<Result.PeerFigures>> runs = new HashMap<>();
    for (int round = 1; round <= rounds; round++) {
      for (String name : measurements.keySet()) {
        Progress.say("measuring: %s, round %d of %d".formatted(name, round, rounds));
        runs.computeIfAbsent(name, any -> new ArrayList<>()).add(measurements.get(name).get());
        Progress.say(runs.get(name).getLast().toString());
      }
    }
    measurements
        .keySet()
        .forEach(name -> report.add(name, Result.PeerFigures.median(runs.get(name))));
  }

  private void admission() {
    try (AdmissionBench admission = new AdmissionBench()) {
      admission.measure(report);
    }
  }

  private void flood() {
    try (AdmissionBench admission = new AdmissionBench()) {
      add(Measurement.FLOOD, admission::flood);
    }
  }

  private void add(String name, Supplier<Result> measurement) {
    Progress.say("measuring: " + name);
    report.add(name, measurement.get());
  }
}
