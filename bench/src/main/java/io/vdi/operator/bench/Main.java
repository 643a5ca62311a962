package io.vdi.operator.bench;

import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.process.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Runs the benchmark from the checkout's root, all of it or the parts that are named: startup,
 * limit, burst, steady, fleet, admission, reaper, desktop, doctor. {@code BENCH_JVM} holds other
 * flags for the controller's JVM, to compare.
 */
public final class Main {
  private static final Set<String> PARTS =
      Set.of(
          "startup",
          "limit",
          "burst",
          "steady",
          "fleet",
          "admission",
          "reaper",
          "desktop",
          "doctor");

  /** With more the API server turns some of their five requests at a time away (429). */
  private static final List<Integer> CLIENTS = List.of(8, 32, 64);

  private static final int BURST = 1000;
  private static final int RATE = 20;
  private static final int SECONDS = 60;
  private static final int FLEET = 5000;
  private static final int REAPED = 10_000;
  private static final int DESKTOPS = 10;
  private static final int HEALTHY = 20;

  private final Set<String> parts;
  private final List<String> jvm;
  private final Bench bench;
  private final BenchmarkReport report = new BenchmarkReport();

  private Main(Set<String> parts, List<String> jvm) {
    this.parts = parts;
    this.jvm = jvm;
    this.bench = new Bench(jvm);
  }

  public static void main(String[] args) throws IOException {
    Set<String> parts = args.length == 0 ? PARTS : Set.of(args);
    if (!PARTS.containsAll(parts)) {
      System.err.println("parts of the benchmark: " + String.join(" ", PARTS));
      System.exit(2);
    }
    String flags = System.getenv().getOrDefault("BENCH_JVM", "");
    List<String> jvm =
        flags.isBlank() ? OperatorProcess.JVM_FLAGS : List.of(flags.strip().split(" +"));
    Main main = new Main(parts, jvm);
    main.measure();
    main.judge();
    main.judgeAdmission();
    main.judgeReaper();
    main.judgeDesktop();
    main.report.print();
    System.out.println("\nall figures: " + main.report.save(Path.of("bench-results"), jvm));
  }

  private void measure() {
    part("startup", "start", () -> bench.startup(5));
    for (int clients : CLIENTS) {
      part("limit", limit(clients), () -> bench.bare(BURST, new Load.Clients(clients)));
    }
    part("burst", "burst", () -> bench.controller(BURST, new Load.Clients(32)));
    Load steady = new Load.PerSecond(RATE);
    part("steady", "bare, 20/s", () -> bench.bare(RATE * SECONDS, steady));
    part("steady", "20/s", () -> bench.controller(RATE * SECONDS, steady));
    part("fleet", "fleet", () -> bench.fleet(FLEET));
    part("reaper", "reaper", () -> new ReaperBench(jvm).measure(REAPED));
    part("desktop", "desktop", () -> DesktopBench.measure(DESKTOPS));
    part("doctor", "doctor", () -> DoctorBench.measure(HEALTHY));
    if (parts.contains("admission")) {
      try (AdmissionBench admission = new AdmissionBench(jvm)) {
        admission.measure(report);
      }
    }
  }

  private static String limit(int clients) {
    return "bare, " + clients + " clients";
  }

  private void part(String part, String what, Supplier<Result> measurement) {
    if (parts.contains(part)) {
      Progress.say("measuring: " + what);
      report.add(what, measurement.get());
    }
  }

  private void judge() {
    report
        .find("start", Result.Startup.class)
        .ifPresent(s -> report.target("ready, empty cluster", s.withAotCache(), 1.5, true, " s"));
    double limit =
        CLIENTS.stream()
            .flatMap(n -> report.find(limit(n), Result.Throughput.class).stream())
            .mapToDouble(Result.Throughput::sessionsPerSecond)
            .max()
            .orElse(Double.NaN);
    report
        .find("burst", Result.Reconciled.class)
        .ifPresent(burst -> {
          if (!Double.isNaN(limit)) {
            double ratio = burst.throughput().sessionsPerSecond() / limit;
            report.target("burst, sessions/s of the best bare client's", ratio, 0.7, false, "");
          }
          report.target("burst, writes a session", burst.writesButEvents(), 9, true, "");
        });
    report
        .find("20/s", Result.Reconciled.class)
        .ifPresent(steady -> {
          double bare =
              report.find("bare, 20/s", Result.Throughput.class).orElseThrow().toPod().p50();
          report.target(
              "20/s, create → pod p50 of the bare client's",
              steady.throughput().toPod().p50() / bare,
              2,
              true,
              "");
          report.target("20/s, reconcile p99", steady.reconcile().p99(), 100, true, " ms");
          report.target("20/s, writes a session", steady.writesButEvents(), 9, true, "");
        });
    report
        .find("fleet", Result.Fleet.class)
        .ifPresent(fleet -> {
          double rss = Math.max(fleet.settled().rss(), fleet.restarted().rss());
          report.target("5,000 sessions, RSS", rss, 400, true, " MiB");
          report.target("5,000 sessions, writes at rest", sum(fleet.restWrites()), 0, true, "");
          report.target("restart, writes", sum(fleet.restartWrites()), 0, true, "");
        });
  }

  private void judgeAdmission() {
    report
        .find("bare handler", Result.Latency.class)
        .ifPresent(bare -> {
          for (String what : List.of("mutate", "validate")) {
            double p50 = latency(what).p50() / bare.latency().p50();
            report.target(what + ", p50 of the bare handler's", p50, 2, true, "");
          }
          double without = latency("create, no webhook").p50();
          report.target(
              "create, p50 more with the webhook",
              latency("create, webhook").p50() - without,
              10,
              true,
              " ms");
        });
  }

  private void judgeReaper() {
    report
        .find("reaper", Result.Reaped.class)
        .ifPresent(reaped -> {
          report.target("reaper, CPU at rest", reaped.restCpu() * 100, 1, true, " % of a core");
          report.target("reaper, lateness p99", reaped.lateness().p99(), 2000, true, " ms");
        });
  }

  private void judgeDesktop() {
    report
        .find("desktop", Result.Pictured.class)
        .ifPresent(seen ->
            report.target(
                "kubectl apply → picture, worst", seen.whole().p99() / 1000, 30, true, " s"));
    report
        .find("doctor", Result.Examined.class)
        .ifPresent(seen -> {
          report.target("kubectl vdi list, p50", seen.list().p50() / 1000, 0.4, true, " s");
          report.target(
              "kubectl vdi list, p50 of that without an AOT cache",
              seen.list().p50() / seen.listWithoutCache().p50(),
              1,
              true,
              "");
          report.target("doctor, 20 sessions, worst", seen.all().p99() / 1000, 5, true, " s");
          report.target("doctor, findings where all is well", seen.findings(), 0, true, "");
        });
  }

  private Quantiles latency(String what) {
    return report.find(what, Result.Latency.class).orElseThrow().latency();
  }

  private static double sum(Map<String, Double> writes) {
    return writes.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
