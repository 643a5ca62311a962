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

/** Collects results. Prints them as a table with the outcome of each target; saves them as JSON. */
final class BenchmarkReport {
  private final Map<String, Result> results = new LinkedHashMap<>();
  private final List<String> targets = new ArrayList<>();

  void add(String name, Result result) {
    results.put(name, result);
  }

  /**
   * Adds the outcome of a target that the value must not exceed.
   *
   * @param unit as printed after the numbers, with a leading blank
   */
  void atMost(String name, double value, double bound, String unit) {
    target(value <= bound, name, value, "≤", bound, unit);
  }

  /** Adds the outcome of a target that the value must reach; see {@link #atMost}. */
  void atLeast(String name, double value, double bound, String unit) {
    target(value >= bound, name, value, "≥", bound, unit);
  }

  private void target(
      boolean met, String name, double value, String relation, double bound, String unit) {
    targets.add(
        String.format(
            Locale.ROOT,
            "%s %-52s %8.2f%s  (target %s %.4g%s)",
            met ? "✓" : "✗",
            name,
            value,
            unit,
            relation,
            bound,
            unit));
  }

  /** The result of a measurement; empty if it was not made. */
  <T extends Result> Optional<T> find(String name, Class<T> type) {
    return Optional.ofNullable(results.get(name)).map(type::cast);
  }

  /** The outcome of each target as a line that starts with ✓ or ✗. */
  List<String> targets() {
    return List.copyOf(targets);
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
    results.forEach((name, result) -> System.out.println(line(name, result)));
    System.out.println();
    results.forEach(BenchmarkReport::details);
    System.out.println();
    targets.forEach(System.out::println);
  }

  private static String line(String name, Result result) {
    return switch (result) {
      case Result.Throughput bare -> String.format(Locale.ROOT, "%-22s %s", name, throughput(bare));
      case Result.ControllerFigures r ->
          String.format(Locale.ROOT, "%-22s %s", name, reconciled(r));
      case Result.Fleet fleet ->
          String.format(Locale.ROOT, "%-22s %s", name, reconciled(fleet.arrival()));
      case Result.Latency(int perSecond, Quantiles latency) ->
          String.format(
              Locale.ROOT, "%-22s p50 / p99 %s ms at %d/s", name, quantiles(latency), perSecond);
      case Result.Flood flood ->
          String.format(
              Locale.ROOT,
              "%-22s %d clients get %.0f answers/s; create p50 / p99 %s ms, without them %s ms,"
                  + " ratio %.2f; %d failed, without them %d",
              name,
              flood.clients(),
              flood.answersPerSecond(),
              quantiles(flood.flooded().latency()),
              quantiles(flood.calm().latency()),
              flood.ratio(),
              flood.failed(),
              flood.failedCalm());
      case Result.ReaperFigures reaper ->
          String.format(
              Locale.ROOT,
              "%-22s %d sessions: ready after %.1f s, %.0f MiB (peak %.0f); at rest %.4f CPU s per"
                  + " second, %.1f requests per minute; %d expired sessions, lateness p50 / p99 %s ms",
              name,
              reaper.sessions(),
              reaper.ready(),
              reaper.settled().rss(),
              reaper.settled().peak(),
              reaper.restCpu(),
              reaper.requestsPerMinute(),
              reaper.expired(),
              quantiles(reaper.lateness()));
      case Result.DesktopTimes times ->
          String.format(
              Locale.ROOT,
              "%-22s from kubectl apply to a picture, %d runs: p50 / worst %s ms",
              name,
              times.runs(),
              quantiles(times.whole()));
      case Result.DoctorTimes times ->
          String.format(
              Locale.ROOT,
              "%-22s %d sessions, %d runs, p50 / worst: list %s ms (without AOT cache %s), doctor for"
                  + " one %s ms, for all %s ms; %d findings",
              name,
              times.sessions(),
              times.runs(),
              quantiles(times.list()),
              quantiles(times.listWithoutCache()),
              quantiles(times.one()),
              quantiles(times.all()),
              times.findings());
      case Result.GateFigures gate ->
          String.format(
              Locale.ROOT,
              "%-22s %d sessions: forward-auth p50 / p99 %s ms at %d/s, bare handler %s ms; %.0f MiB"
                  + " (peak %.0f)",
              name,
              gate.sessions(),
              quantiles(gate.forwardAuth().latency()),
              gate.forwardAuth().perSecond(),
              quantiles(gate.bare().latency()),
              gate.process().rss(),
              gate.process().peak());
      case Result.PeerFigures peer ->
          String.format(
              Locale.ROOT,
              "%-22s %d objects: %.1f pods/s, %.1f ready/s, %.1f requests each, %.0f MiB (peak"
                  + " %.0f); CPU s/1k: controller %.1f, API server %.1f",
              name,
              peer.objects(),
              peer.podsPerSecond(),
              peer.readyPerSecond(),
              peer.requests(),
              peer.process().rss(),
              peer.process().peak(),
              peer.cpu(),
              peer.apiServerCpu());
      case Result.Startup startup ->
          String.format(
              Locale.ROOT,
              "%-22s ready after %.2f s, without AOT cache after %.2f s",
              name,
              startup.withAotCache(),
              startup.without());
    };
  }

  private static String throughput(Result.Throughput t) {
    return String.format(
        Locale.ROOT, "%8d %10.1f %17s", t.sessions(), t.sessionsPerSecond(), quantiles(t.toPod()));
  }

  private static String reconciled(Result.ControllerFigures r) {
    return String.format(
        Locale.ROOT,
        "%s %17s %15s %7.2f %6.0f %8.2f",
        throughput(r.throughput()),
        quantiles(r.toRunning()),
        quantiles(r.reconcile()),
        r.writesWithoutEvents(),
        r.process().rss(),
        r.cpuSecondsPerThousand());
  }

  private static String quantiles(Quantiles q) {
    return String.format(Locale.ROOT, "%.1f / %.1f", q.p50(), q.p99());
  }

  private static void details(String name, Result result) {
    switch (result) {
      case Result.Throughput _,
          Result.Startup _,
          Result.Latency _,
          Result.ReaperFigures _,
          Result.DoctorTimes _,
          Result.GateFigures _,
          Result.PeerFigures _ -> {}
      case Result.Flood flood ->
          System.out.println(name + ", answers by HTTP status: " + flood.answers());
      case Result.DesktopTimes times -> {
        times
            .steps()
            .forEach((step, q) ->
                System.out.println(name + ", " + step + ": p50 / worst " + quantiles(q) + " ms"));
        System.out.println(name + ", MiB at rest: " + writes(times.memoryAtRest()));
        System.out.println(
            name
                + ", MiB with "
                + times.sessions()
                + " sessions: "
                + writes(times.memoryWithSessions()));
      }
      case Result.ControllerFigures r ->
          System.out.println(name + ", writes per session: " + writes(r.writes()));
      case Result.Fleet f -> {
        System.out.println(name + ", writes per session: " + writes(f.arrival().writes()));
        System.out.println(
            String.format(
                Locale.ROOT,
                "%s, settled: %.0f MiB (peak %.0f); at rest: writes %s, %.3f CPU s per second",
                name,
                f.settled().rss(),
                f.settled().peak(),
                writes(f.restWrites()),
                f.restCpu()));
        System.out.println(
            String.format(
                Locale.ROOT,
                "%s, %d more: %s; writes per session: %s; next session served %.1f s after a crash"
                    + " of the leader, %.1f s after the loss of its node",
                name,
                f.burst().throughput().sessions(),
                reconciled(f.burst()),
                writes(f.burst().writes()),
                f.crash(),
                f.loss()));
        System.out.println(
            String.format(
                Locale.ROOT,
                "%s, restarted: ready after %.2f s, all reconciled after %.2f s, writes %s, "
                    + "%.0f MiB (peak %.0f)",
                name,
                f.synced(),
                f.reconciled(),
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
    writes.forEach((name, count) -> parts.add(String.format(Locale.ROOT, "%s %.2f", name, count)));
    return String.join(", ", parts);
  }

  /** Writes all figures to a new file in the folder; returns the file. */
  Path save(Path folder) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    String time = Instant.now().toString();
    all.put("time", time);
    all.put("cores", Runtime.getRuntime().availableProcessors());
    all.put("java", System.getProperty("java.vm.version"));
    all.put("jvm", JvmFlags.all());
    all.put("results", results);
    all.put("targets", targets);
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
