package io.vdi.operator.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Collects results; shows them as a table, as verdicts on our targets, and as JSON. */
final class BenchmarkReport {
  private final Map<String, Result> results = new LinkedHashMap<>();
  private final List<String> verdicts = new ArrayList<>();

  void add(String what, Result result) {
    results.put(what, result);
  }

  /** A target of ours and whether it was met; nothing where a figure for it was not measured. */
  void target(String what, double value, double bound, boolean atMost, String unit) {
    boolean met = atMost ? value <= bound : value >= bound;
    verdicts.add(
        String.format(
            Locale.ROOT,
            "%s %-52s %8.2f%s  (target %s %.4g%s)",
            met ? "✓" : "✗",
            what,
            value,
            unit,
            atMost ? "≤" : "≥",
            bound,
            unit));
  }

  <T extends Result> Optional<T> find(String what, Class<T> type) {
    return Optional.ofNullable(results.get(what)).map(type::cast);
  }

  void print() {
    System.out.println();
    System.out.println(
        String.format(
            Locale.ROOT,
            "%-22s %8s %10s %17s %17s %15s %7s %6s %8s",
            "",
            "sessions",
            "sessions/s",
            "→ pod p50/p99 ms",
            "→ Running p50/p99",
            "reconcile ms",
            "writes",
            "RSS",
            "CPU s/1k"));
    results.forEach((what, result) -> System.out.println(line(what, result)));
    System.out.println();
    results.forEach((what, result) -> details(what, result));
    System.out.println();
    verdicts.forEach(System.out::println);
  }

  private static String line(String what, Result result) {
    return switch (result) {
      case Result.Throughput bare -> String.format(Locale.ROOT, "%-22s %s", what, throughput(bare));
      case Result.Reconciled r -> String.format(Locale.ROOT, "%-22s %s", what, reconciled(r));
      case Result.Fleet fleet ->
          String.format(Locale.ROOT, "%-22s %s", what, reconciled(fleet.arrival()));
      case Result.Latency(int perSecond, Quantiles latency) ->
          String.format(
              Locale.ROOT, "%-22s p50 / p99 %s ms at %d/s", what, quantiles(latency), perSecond);
      case Result.Reaped reaped ->
          String.format(
              Locale.ROOT,
              "%-22s %d sessions: ready after %.1f s, %.0f MiB (peak %.0f); at rest %.4f CPU s a"
                  + " second, %.1f requests a minute; %d ends, late by p50 / p99 %s ms",
              what,
              reaped.sessions(),
              reaped.ready(),
              reaped.settled().rss(),
              reaped.settled().peak(),
              reaped.restCpu(),
              reaped.requestsPerMinute(),
              reaped.expired(),
              quantiles(reaped.lateness()));
      case Result.Pictured seen ->
          String.format(
              Locale.ROOT,
              "%-22s %d times from kubectl apply to a picture: p50 / worst %s ms",
              what,
              seen.runs(),
              quantiles(seen.whole()));
      case Result.Examined seen ->
          String.format(
              Locale.ROOT,
              "%-22s %d sessions, %d runs, p50 / worst: list %s ms (without AOT cache %s), doctor for"
                  + " one %s ms, for all %s ms; %d findings",
              what,
              seen.sessions(),
              seen.runs(),
              quantiles(seen.list()),
              quantiles(seen.listWithoutCache()),
              quantiles(seen.one()),
              quantiles(seen.all()),
              seen.findings());
      case Result.Startup startup ->
          String.format(
              Locale.ROOT,
              "%-22s ready after %.2f s, without AOT cache after %.2f s",
              what,
              startup.withAotCache(),
              startup.without());
    };
  }

  private static String throughput(Result.Throughput t) {
    return String.format(
        Locale.ROOT, "%8d %10.1f %17s", t.sessions(), t.sessionsPerSecond(), quantiles(t.toPod()));
  }

  private static String reconciled(Result.Reconciled r) {
    return String.format(
        Locale.ROOT,
        "%s %17s %15s %7.2f %6.0f %8.2f",
        throughput(r.throughput()),
        quantiles(r.toRunning()),
        quantiles(r.reconcile()),
        r.writesButEvents(),
        r.process().rss(),
        r.cpuSecondsPerThousand());
  }

  private static String quantiles(Quantiles q) {
    return String.format(Locale.ROOT, "%.1f / %.1f", q.p50(), q.p99());
  }

  private static void details(String what, Result result) {
    switch (result) {
      case Result.Throughput _,
          Result.Startup _,
          Result.Latency _,
          Result.Reaped _,
          Result.Examined _ -> {}
      case Result.Pictured seen -> {
        seen.parts()
            .forEach((part, q) ->
                System.out.println(what + ", " + part + ": p50 / worst " + quantiles(q) + " ms"));
        System.out.println(what + ", MiB at rest: " + writes(seen.rest()));
        System.out.println(
            what + ", MiB with " + seen.sessions() + " sessions: " + writes(seen.busy()));
      }
      case Result.Reconciled r ->
          System.out.println(what + ", writes for each session: " + writes(r.writes()));
      case Result.Fleet f -> {
        System.out.println(what + ", writes for each session: " + writes(f.arrival().writes()));
        System.out.println(
            String.format(
                Locale.ROOT,
                "%s, settled: %.0f MiB (peak %.0f); at rest: writes %s, %.3f CPU s a second",
                what,
                f.settled().rss(),
                f.settled().peak(),
                writes(f.restWrites()),
                f.restCpu()));
        System.out.println(
            String.format(
                Locale.ROOT,
                "%s, restarted: synced after %.2f s, all looked at after %.2f s, writes %s, "
                    + "%.0f MiB (peak %.0f)",
                what,
                f.synced(),
                f.looked(),
                writes(f.restartWrites()),
                f.restarted().rss(),
                f.restarted().peak()));
      }
    }
  }

  private static String writes(Map<String, Double> writes) {
    if (writes.isEmpty()) {
      return "none";
    }
    List<String> parts = new ArrayList<>();
    writes.forEach((what, count) -> parts.add(String.format(Locale.ROOT, "%s %.2f", what, count)));
    return String.join(", ", parts);
  }

  /** Writes all figures to a file of its own; returns it. */
  Path save(Path folder, List<String> jvm) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    String time = Instant.now().toString();
    all.put("time", time);
    all.put("cores", Runtime.getRuntime().availableProcessors());
    all.put("java", System.getProperty("java.vm.version"));
    all.put("jvm", jvm);
    all.put("results", results);
    all.put("targets", verdicts);
    Files.createDirectories(folder);
    Path file = folder.resolve(time.replace(':', '-') + ".json");
    return Files.writeString(
        file,
        new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .serializeSpecialFloatingPointValues()
            .create()
            .toJson(all));
  }
}
